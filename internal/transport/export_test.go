package transport

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"net"
)

// SetDialer replaces how a transport connects, and keeps its idle timeout.
func SetDialer(t *Transport, dial func(context.Context) (net.Conn, error)) {
	t.base.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
		c, err := dial(ctx)
		if err != nil {
			return nil, err
		}
		return &conn{Conn: c, idle: t.base.IdleConnTimeout, host: "store:80"}, nil
	}
}

// PEM returns a certificate's PEM form.
func PEM(c *x509.Certificate) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})
}
