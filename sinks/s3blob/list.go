package s3blob

import (
	"context"
	"slices"
	"strings"

	"github.com/minio/minio-go/v7"
	"gocloud.dev/blob/driver"
)

// maxPage is the maximum number of objects in a page. It is one less than S3 lists with one
// request, so that the same request shows whether there are more.
const maxPage = 999

// beyond follows a common prefix in the token of a page, so that the next page starts after all
// keys with the prefix.
const beyond = "\U0010FFFF"

// ListPaged lists objects. The token of a page is the last key of the page before. All S3 servers
// support the delimiter "/", and only that.
func (b *bucket) ListPaged(ctx context.Context, opts *driver.ListOptions) (_ *driver.ListPage, err error) {
	defer classify(&err)
	if opts.BeforeList != nil {
		if err := opts.BeforeList(func(any) bool { return false }); err != nil {
			return nil, err
		}
	}
	size := opts.PageSize
	if size <= 0 || size > maxPage {
		size = maxPage
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	objects := b.client.ListObjects(ctx, b.name, minio.ListObjectsOptions{
		Prefix: escapePrefix(opts.Prefix), Recursive: opts.Delimiter == "", MaxKeys: size + 1, StartAfter: string(opts.PageToken),
	})
	defer drain(objects, stop)
	var found []minio.ObjectInfo
	for info := range objects {
		if info.Err != nil {
			return nil, info.Err
		}
		if found = append(found, info); len(found) > size {
			break // S3 lists no more at once
		}
	}
	// minio-go returns common prefixes after the keys of a page.
	slices.SortFunc(found, func(a, b minio.ObjectInfo) int { return strings.Compare(a.Key, b.Key) })
	page := &driver.ListPage{}
	for i, info := range found {
		if i == size {
			page.NextPageToken = token(found[i-1], opts)
			break
		}
		page.Objects = append(page.Objects, listed(info, opts))
	}
	return page, nil
}

// drain ends a listing, whose goroutine sends until it notices the end of its context.
func drain(objects <-chan minio.ObjectInfo, stop func()) {
	stop()
	for range objects {
	}
}

// token returns the token of the page after an object.
func token(last minio.ObjectInfo, opts *driver.ListOptions) []byte {
	if isPrefix(last, opts) {
		return []byte(last.Key + beyond)
	}
	return []byte(last.Key)
}

// isPrefix reports whether an entry stands for all keys with a common prefix.
func isPrefix(info minio.ObjectInfo, opts *driver.ListOptions) bool {
	return opts.Delimiter != "" && strings.HasSuffix(info.Key, "/") && info.ETag == ""
}

func listed(info minio.ObjectInfo, opts *driver.ListOptions) *driver.ListObject {
	o := &driver.ListObject{
		Key: unescapeKey(info.Key), ModTime: info.LastModified, Size: info.Size, MD5: md5Of(info.ETag),
		AsFunc: func(to any) bool { return assign(to, info) },
	}
	if isPrefix(info, opts) {
		o.IsDir, o.MD5 = true, nil
	}
	return o
}
