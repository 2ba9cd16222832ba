package store

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/xml"
	"errors"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"syscall"
)

// ofNetwork classifies an error by its cause: a store that is not reached, something that does not
// speak HTTP as the store does, or the file system. Any other error is retryable.
func ofNetwork(err error) *Error {
	var name x509.HostnameError
	var date x509.CertificateInvalidError
	var record tls.RecordHeaderError
	switch {
	case errors.As(err, &name):
		return &Error{Kind: Other, Remedy: "the store's certificate is of another host: check the endpoint in --repo"}
	case errors.As(err, &date) && date.Reason == x509.Expired:
		return &Error{Kind: Other, Remedy: "the store's certificate is expired, or this machine's clock is off: renew it, or set the clock"}
	case is[*tls.CertificateVerificationError](err):
		return &Error{Kind: Other, Remedy: "if the store is what you expect, trust its certificate: give ca_file=/path/to/ca.pem in --repo"}
	case errors.Is(err, http.ErrSchemeMismatch):
		return &Error{Kind: Other, Remedy: plainHTTP}
	case err == io.EOF, is[*fs.PathError](err), is[*os.LinkError](err), is[*xml.SyntaxError](err), is[xml.UnmarshalError](err), errors.Is(err, context.Canceled):
		return &Error{Kind: Other}
	case errors.As(err, &record):
		return &Error{Kind: Unavailable, Remedy: plainHTTP}
	case is[*net.DNSError](err):
		return &Error{Kind: Unavailable, Remedy: "there is no such host: check the name of the store in --repo, and this machine's DNS"}
	case errors.Is(err, syscall.ECONNREFUSED):
		return &Error{Kind: Unavailable, Remedy: "nobody listens there: check the endpoint of --repo and its port, and that the store runs"}
	case is[*net.OpError](err):
		return &Error{Kind: Unavailable, Remedy: "the store does not answer: check the endpoint of --repo and the network"}
	}
	return &Error{Kind: Unavailable}
}

const plainHTTP = "the store speaks plain HTTP at this address: check the port, or give the endpoint as http://"

func is[T error](err error) bool {
	var e T
	return errors.As(err, &e)
}
