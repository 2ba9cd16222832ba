package s3blob

import (
	"cmp"
	"context"
	"net/http"
	"strings"

	"github.com/minio/minio-go/v7"

	"github.com/mailhaul/mailhaul/repository/store"
)

// ignores returns the error of a store that accepts an option and ignores it. An object may also
// look so to credentials without a right.
func ignores(option, right string) error {
	reason := "the store ignores " + option
	if right != "" {
		reason += ", or the credentials may not see it (" + right + ")"
	}
	return &store.Error{Kind: store.Unsupported, Reason: reason}
}

// check makes sure, once for a bucket, that an object has the options. Stores that implement a part
// of S3's protocol ignore headers that they do not know.
func (b *bucket) check(ctx context.Context, key string) error {
	if b.checked.Load() {
		return nil
	}
	if b.opts.isChecked() {
		info, err := b.client.StatObject(ctx, b.name, key, minio.StatObjectOptions{ServerSideEncryption: b.opts.read()})
		if err == nil {
			err = b.opts.ignored(info)
		}
		if err != nil {
			return err
		}
	}
	b.checked.Store(true)
	return nil
}

// isChecked reports whether the options have any that a store could ignore.
func (o Options) isChecked() bool {
	return o.Encryption != nil || o.StorageClass != "" || o.RetainDays > 0 || o.LegalHold || len(o.Tags) > 0
}

// ignored returns an error if an object lacks an option.
func (o Options) ignored(info minio.ObjectInfo) error {
	const standard = "STANDARD" // the class of an object without a header
	if class := info.Metadata.Get("X-Amz-Storage-Class"); o.StorageClass != "" && !strings.EqualFold(o.StorageClass, cmp.Or(class, standard)) {
		return ignores("storage_class", "")
	}
	if o.Encryption != nil && !isEncrypted(o, info.Metadata) {
		return ignores("sse", "")
	}
	if o.RetainDays > 0 && !strings.EqualFold(info.Metadata.Get("X-Amz-Object-Lock-Mode"), string(o.RetainMode)) {
		return ignores("lock_mode", "s3:GetObjectRetention")
	}
	if o.LegalHold && info.Metadata.Get("X-Amz-Object-Lock-Legal-Hold") != "ON" {
		return ignores("legal_hold", "s3:GetObjectLegalHold")
	}
	if info.UserTagCount != len(o.Tags) {
		return ignores("tags", "s3:GetObjectTagging")
	}
	return nil
}

// isEncrypted reports whether an object's header shows the encryption of the options.
func isEncrypted(o Options, header http.Header) bool {
	want := http.Header{}
	o.Encryption.Marshal(want)
	for _, name := range []string{"X-Amz-Server-Side-Encryption", "X-Amz-Server-Side-Encryption-Customer-Algorithm"} {
		if want.Get(name) != header.Get(name) {
			return false
		}
	}
	return true
}
