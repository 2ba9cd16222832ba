package s3blob

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"gocloud.dev/blob/driver"
)

func (b *bucket) SignedURL(ctx context.Context, key string, opts *driver.SignedURLOptions) (_ string, err error) {
	defer classify(&err)
	if opts.ContentType != "" || opts.EnforceAbsentContentType {
		return "", errors.ErrUnsupported
	}
	query := url.Values{}
	if opts.BeforeSign != nil {
		if err := opts.BeforeSign(func(to any) bool { return assign(to, query) }); err != nil {
			return "", err
		}
	}
	method := opts.Method
	switch method {
	case http.MethodGet, http.MethodPut, http.MethodDelete:
	default:
		return "", errors.ErrUnsupported
	}
	u, err := b.client.Presign(ctx, method, b.name, escapeKey(key), opts.Expiry, query)
	if err != nil {
		return "", err
	}
	return u.String(), nil
}
