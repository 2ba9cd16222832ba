package repository

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"strings"
	"syscall"

	"gocloud.dev/gcerrors"

	"github.com/mailhaul/mailhaul/internal/transport"
	"github.com/mailhaul/mailhaul/sinks/azure"
	"github.com/mailhaul/mailhaul/sinks/dirblob"
	"github.com/mailhaul/mailhaul/sinks/gcs"
	"github.com/mailhaul/mailhaul/sinks/s3blob"
)

// Remedy returns what the user can do about an error of a store, in one line, or nothing
// if that is not known.
func Remedy(err error) string {
	for _, remedy := range []func(error) string{ofNetwork, s3blob.Remedy, azure.Remedy, gcs.Remedy} {
		if text := remedy(err); text != "" {
			return text
		}
	}
	switch gcerrors.Code(err) {
	case gcerrors.PermissionDenied:
		return "check the store's credentials and that they may read, write and list below --repo"
	case gcerrors.Unimplemented:
		return "the store does not have what this needs: use another; mailhaul doctor tells"
	}
	return ""
}

// ofNetwork is about stores that are not reached, or do not answer as stores do.
func ofNetwork(err error) string {
	var name x509.HostnameError
	var date x509.CertificateInvalidError
	var record tls.RecordHeaderError
	var dns *net.DNSError
	switch {
	case isOf[*dirblob.IrregularError](err):
		return "a repository has only files and directories: remove it, or put what a link leads to in its place"
	case errors.Is(err, errNoEnd), isOf[*transport.EndlessError](err):
		return "the store does not list objects as it should: check the endpoint in --repo and what is between, and run mailhaul doctor"
	case isOf[*transport.SlowError](err):
		return "the store hardly sends anything: check the network between, and the load of the store"
	case errors.As(err, &name):
		return "the store's certificate is of another host: check the endpoint in --repo"
	case errors.As(err, &date) && date.Reason == x509.Expired:
		return "the store's certificate is expired, or this machine's clock is off: renew it, or set the clock"
	case isOf[*tls.CertificateVerificationError](err):
		return "if the store is what you expect, trust its certificate: give ca_file=/path/to/ca.pem in --repo"
	case errors.Is(err, http.ErrSchemeMismatch), errors.As(err, &record):
		return "the store speaks plain HTTP at this address: check the port, or give the endpoint as http://"
	case errors.As(err, &dns):
		return "there is no such host: check the name of the store in --repo, and this machine's DNS"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "nobody listens there: check the endpoint of --repo and its port, and that the store runs"
	case isOf[*net.OpError](err):
		return "the store does not answer: check the endpoint of --repo and the network"
	}
	return ""
}

// IsDenied reports whether a store knows who asks and says that they may not do it: other
// calls may succeed.
func IsDenied(err error) bool {
	return s3blob.IsDenied(err) || azure.IsDenied(err) || gcs.IsDenied(err)
}

// isNoBucket reports whether an error that IsNotFound knows is of the bucket, as far as the
// store tells.
func isNoBucket(err error) bool {
	return s3blob.IsNoBucket(err) || azure.IsNoContainer(err) || gcs.IsNoBucket(err)
}

// oneLine makes one line of a text, of bounded length.
func oneLine(text string) string {
	const most = 500
	text = strings.Join(strings.Fields(text), " ")
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "…"
	}
	return text
}
