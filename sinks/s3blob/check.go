package s3blob

import (
	"context"
	"net/http"
	"strings"

	"github.com/minio/minio-go/v7"
)

// An ignoredError is an option that the store took and does not have.
type ignoredError struct{ option, right string }

func (e *ignoredError) Error() string {
	text := "the store ignores " + e.option
	if e.right != "" {
		text += ", or the credentials may not see it (" + e.right + ")"
	}
	return text
}

// check makes sure, once for a bucket, that the store holds an object as the options say.
// Stores that speak a part of S3's protocol ignore headers that they do not know.
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

// isChecked reports whether there is an option that a store could ignore.
func (o Options) isChecked() bool {
	return o.Encryption != nil || o.StorageClass != "" || o.RetainDays > 0 || o.LegalHold || len(o.Tags) > 0
}

// ignored returns an error for an option that an object does not have.
func (o Options) ignored(info minio.ObjectInfo) error {
	const standard = "STANDARD" // which need not be told
	if class := info.Metadata.Get("X-Amz-Storage-Class"); o.StorageClass != "" && !strings.EqualFold(o.StorageClass, first(class, standard)) {
		return &ignoredError{"storage_class", ""}
	}
	if o.Encryption != nil && !isEncrypted(o, info.Metadata) {
		return &ignoredError{"sse", ""}
	}
	if o.RetainDays > 0 && !strings.EqualFold(info.Metadata.Get("X-Amz-Object-Lock-Mode"), string(o.RetainMode)) {
		return &ignoredError{"lock_mode", "s3:GetObjectRetention"}
	}
	if o.LegalHold && info.Metadata.Get("X-Amz-Object-Lock-Legal-Hold") != "ON" {
		return &ignoredError{"legal_hold", "s3:GetObjectLegalHold"}
	}
	if info.UserTagCount != len(o.Tags) {
		return &ignoredError{"tags", "s3:GetObjectTagging"}
	}
	return nil
}

// isEncrypted compares what was asked for with what the store tells.
func isEncrypted(o Options, told http.Header) bool {
	asked := http.Header{}
	o.Encryption.Marshal(asked)
	for _, name := range []string{"X-Amz-Server-Side-Encryption", "X-Amz-Server-Side-Encryption-Customer-Algorithm"} {
		if asked.Get(name) != told.Get(name) {
			return false
		}
	}
	return true
}
