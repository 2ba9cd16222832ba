// Package transport carries requests to Graph: over connections that suit it, to its host alone,
// and without waiting forever for a response.
package transport

import (
	"crypto/tls"
	"net/http"
)

// New returns the connections of a client. They use HTTP/1.1, and each request in flight has its
// own. With HTTP/2 all requests would share one connection, its windows and its failures, and take
// a sixth more CPU time.
func New() *http.Transport {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.MaxIdleConns, t.MaxIdleConnsPerHost = 0, 64
	t.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12} // the default's offers HTTP/2
	t.ForceAttemptHTTP2, t.Protocols = false, &http.Protocols{}
	t.Protocols.SetHTTP1(true)
	return t
}
