// Package transport reaches stores over HTTP. It trusts more certificates if the user says so,
// limits the speed of uploads, and gives up a store that falls silent or whose responses do not
// end.
package transport

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"os"
	"time"
)

// Options are those of a Transport. The zero value is useful.
type Options struct {
	// CAFile is a PEM file of certificates to trust besides the system's.
	CAFile string

	// UploadLimit bounds the bytes a second of all request bodies together; 0 is no limit.
	UploadLimit int64

	// Idle is the time after which a connection is closed if no byte moves in either direction;
	// 0 is one minute. A connection that receives next to nothing is closed too. A transfer as a
	// whole has no limit.
	Idle time.Duration
}

// A Transport is an http.RoundTripper.
type Transport struct {
	base  *http.Transport
	pacer *pacer // nil: no limit
}

// New returns a transport.
func New(o Options) (*Transport, error) {
	if o.Idle == 0 {
		o.Idle = time.Minute
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if o.CAFile != "" {
		pool, err := trusted(o.CAFile)
		if err != nil {
			return nil, err
		}
		config.RootCAs = pool
	}
	t := &Transport{base: &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           dial(o.Idle),
		TLSClientConfig:       config,
		TLSHandshakeTimeout:   10 * time.Second,
		ExpectContinueTimeout: 10 * time.Second,
		IdleConnTimeout:       o.Idle,
		MaxIdleConnsPerHost:   16,   // at least the uploads and readers of one program
		DisableCompression:    true, // an object's bytes are digested as stored
	}}
	if o.UploadLimit > 0 {
		t.pacer = newPacer(o.UploadLimit)
	}
	return t, nil
}

// trusted returns the system's certificates and those of a file.
func trusted(file string) (*x509.CertPool, error) {
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("ca_file: %w", err)
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	if !pool.AppendCertsFromPEM(pem) {
		return nil, errors.New("ca_file: it holds no certificate in PEM form")
	}
	return pool, nil
}

// RoundTrip implements http.RoundTripper.
func (t *Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	if t.pacer != nil && req.Body != nil && req.Body != http.NoBody {
		req = t.limited(req)
	}
	if err := checkBound(req); err != nil {
		return nil, err
	}
	sent := time.Now()
	resp, err := t.base.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	boundBody(resp, req)
	if observe, ok := req.Context().Value(observer{}).(func(time.Time, *http.Response)); ok {
		observe(sent, resp)
	}
	return resp, nil
}

type observer struct{}

// Observe returns a context whose requests report each response to f, with the time when the
// request was sent. f must not touch the body.
func Observe(ctx context.Context, f func(sent time.Time, resp *http.Response)) context.Context {
	return context.WithValue(ctx, observer{}, f)
}

// CloseIdleConnections closes the connections that no request uses.
func (t *Transport) CloseIdleConnections() { t.base.CloseIdleConnections() }
