package lab

import (
	"errors"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"time"
)

// A countingProxy forwards requests to an S3 server and counts the reads of packs.
type countingProxy struct {
	addr      string
	server    *http.Server
	served    chan error // receives when the server has ended
	packReads atomic.Int64
}

func startProxy(upstream string) (*countingProxy, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &countingProxy{addr: l.Addr().String(), served: make(chan error, 1)}
	forward := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(&url.URL{Scheme: "http", Host: upstream})
		r.Out.Host = r.In.Host // the client's signature covers it
	}}
	p.server = &http.Server{ReadHeaderTimeout: 10 * time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet && strings.Contains(r.URL.Path, "/packs/") {
			p.packReads.Add(1)
		}
		forward.ServeHTTP(w, r)
	})}
	go func() { p.served <- p.server.Serve(l) }()
	return p, nil
}

func (p *countingProxy) stop() error {
	err := p.server.Close()
	if served := <-p.served; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return err
}
