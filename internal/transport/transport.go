// Package transport is how stores are reached over HTTP: which certificates are
// trusted, how fast bodies go out, and when a store is given up that is silent or has no end.
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

// Options say how. Their zero value is useful.
type Options struct {
	// CAFile is a PEM file of certificates to trust besides the system's.
	CAFile string

	// UploadLimit is how many bytes of request bodies go out in a second, over all
	// requests together; 0 is no limit.
	UploadLimit int64

	// Idle is after how long a connection is cut on which nothing moves, in either
	// direction; 0 is one minute. It is cut, too, when next to nothing comes in. The whole of
	// a transfer takes as long as it takes.
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
		MaxIdleConnsPerHost:   16,   // uploads and readers of one program
		DisableCompression:    true, // objects are what they are
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
	bound, _ := req.Context().Value(boundKey{}).(*bound)
	if err := bound.send(req); err != nil {
		return nil, err
	}
	sent := time.Now()
	resp, err := t.base.RoundTrip(req)
	if err == nil {
		resp.Body = bound.bounded(req, resp.Body)
	}
	if observe, ok := req.Context().Value(observer{}).(func(time.Time, *http.Response)); ok && err == nil {
		observe(sent, resp)
	}
	return resp, err
}

type observer struct{}

// Observe returns a context for requests of whose answers f is told, with the time when the
// request was sent. It must not touch the body.
func Observe(ctx context.Context, f func(sent time.Time, resp *http.Response)) context.Context {
	return context.WithValue(ctx, observer{}, f)
}

// CloseIdleConnections closes what no request uses.
func (t *Transport) CloseIdleConnections() { t.base.CloseIdleConnections() }
