package dirblob

import (
	"context"
	"errors"
	"io"
	"os"

	"gocloud.dev/blob/driver"
)

// A reader reads a part of an object.
type reader struct {
	io.Reader
	file  *os.File
	attrs driver.ReaderAttributes
}

func (b *bucket) NewRangeReader(_ context.Context, key string, offset, length int64, _ *driver.ReaderOptions) (_ driver.Reader, err error) {
	defer classify(&err)
	if err := check(key); err != nil {
		return nil, err
	}
	file, info, err := b.open(key)
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		return nil, errors.Join(absent(key), file.Close())
	}
	if length < 0 {
		length = info.Size()
	}
	return &reader{
		Reader: io.NewSectionReader(file, offset, length), file: file,
		attrs: driver.ReaderAttributes{Size: info.Size(), ModTime: info.ModTime()},
	}, nil
}

func (r *reader) Read(p []byte) (n int, err error) {
	defer classify(&err)
	return r.Reader.Read(p)
}

func (r *reader) Close() error                         { return r.file.Close() }
func (r *reader) Attributes() *driver.ReaderAttributes { return &r.attrs }
func (r *reader) As(any) bool                          { return false }
