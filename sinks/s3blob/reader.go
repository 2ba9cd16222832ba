package s3blob

import (
	"bytes"
	"context"
	"encoding/hex"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/minio/minio-go/v7"
	"gocloud.dev/blob/driver"
)

func (b *bucket) Attributes(ctx context.Context, key string) (_ *driver.Attributes, err error) {
	defer classify(&err)
	info, err := b.client.StatObject(ctx, b.name, escapeKey(key), minio.StatObjectOptions{ServerSideEncryption: b.opts.read()})
	if err != nil {
		return nil, err
	}
	return &driver.Attributes{
		CacheControl:       info.Metadata.Get("Cache-Control"),
		ContentDisposition: info.Metadata.Get("Content-Disposition"),
		ContentEncoding:    info.Metadata.Get("Content-Encoding"),
		ContentLanguage:    info.Metadata.Get("Content-Language"),
		ContentType:        info.ContentType,
		Metadata:           unescapeMetadata(info.UserMetadata),
		ModTime:            info.LastModified,
		Size:               info.Size,
		MD5:                md5Of(info.ETag),
		ETag:               `"` + info.ETag + `"`,
		AsFunc:             func(to any) bool { return assign(to, info) },
	}, nil
}

// md5Of returns the MD5 that is the ETag of an object written in one part, or else nil.
func md5Of(etag string) []byte {
	sum, err := hex.DecodeString(strings.Trim(etag, `"`))
	if err != nil || len(sum) != 16 {
		return nil
	}
	return sum
}

// A reader reads an object or a part of it.
type reader struct {
	io.ReadCloser
	info  minio.ObjectInfo
	attrs driver.ReaderAttributes
}

func (r *reader) Read(p []byte) (n int, err error) {
	defer classify(&err)
	return r.ReadCloser.Read(p)
}

func (r *reader) Attributes() *driver.ReaderAttributes { return &r.attrs }
func (r *reader) As(to any) bool                       { return assign(to, r.info) }

func (b *bucket) NewRangeReader(ctx context.Context, key string, offset, length int64, opts *driver.ReaderOptions) (_ driver.Reader, err error) {
	defer classify(&err)
	key = escapeKey(key)
	get := &minio.GetObjectOptions{ServerSideEncryption: b.opts.read()}
	if err := setRange(get, offset, length); err != nil {
		return nil, err
	}
	if opts != nil && opts.BeforeRead != nil {
		if err := opts.BeforeRead(func(to any) bool { return assign(to, get) }); err != nil {
			return nil, err
		}
	}
	if length == 0 {
		info, err := b.client.StatObject(ctx, b.name, key, *get)
		if err != nil {
			return nil, err
		}
		return newReader(io.NopCloser(bytes.NewReader(nil)), info, info.Size), nil
	}
	body, info, header, err := b.core.GetObject(ctx, b.name, key, *get)
	if err != nil {
		return nil, err
	}
	return newReader(body, info, totalSize(header, info.Size)), nil
}

func setRange(get *minio.GetObjectOptions, offset, length int64) error {
	switch {
	case length > 0:
		return get.SetRange(offset, offset+length-1)
	case length < 0 && offset > 0:
		return get.SetRange(offset, 0)
	}
	return nil
}

func newReader(body io.ReadCloser, info minio.ObjectInfo, size int64) *reader {
	return &reader{body, info, driver.ReaderAttributes{ContentType: info.ContentType, ModTime: info.LastModified, Size: size}}
}

// totalSize returns the size of the whole object, as the header of a range's response gives it.
func totalSize(header http.Header, otherwise int64) int64 {
	_, total, ok := strings.Cut(header.Get("Content-Range"), "/")
	if n, err := strconv.ParseInt(total, 10, 64); ok && err == nil {
		return n
	}
	return otherwise
}
