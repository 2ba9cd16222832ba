package s3blob

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"time"

	"github.com/minio/minio-go/v7"
)

// abortTime bounds the deletion of the parts of a failed upload.
const abortTime = time.Minute

// parts are those of an object that is too long for one PUT. The object appears when it is
// complete. minio-go's own multipart uploads send If-None-Match when they begin and not when they
// complete, so that all of several concurrent uploads of an object succeed.
type parts struct {
	w    *writer
	id   string // of the upload; empty: none was begun
	done []minio.CompletePart
}

// put stores the next part, whose SHA-256 the store checks.
func (p *parts) put(data []byte) error {
	w := p.w
	if err := w.ctx.Err(); err != nil {
		return err
	}
	if p.id == "" {
		if err := p.begin(); err != nil {
			return err
		}
	}
	sum := sha256.Sum256(data)
	checksum := base64.StdEncoding.EncodeToString(sum[:])
	number := len(p.done) + 1
	part, err := w.bucket.core.PutObjectPart(w.ctx, w.bucket.name, w.key, p.id, number, bytes.NewReader(data), int64(len(data)), minio.PutObjectPartOptions{
		Sha256Hex: hex.EncodeToString(sum[:]), SSE: w.opts.ServerSideEncryption,
		CustomHeader: http.Header{checksumHeader: {checksum}}, DisableContentSha256: true, // of pieces: the digest of the part is signed
	})
	if err != nil {
		return err
	}
	p.done = append(p.done, minio.CompletePart{PartNumber: number, ETag: part.ETag, ChecksumSHA256: checksum})
	return nil
}

func (p *parts) begin() (err error) {
	w := p.w
	opts := w.opts
	opts.UserMetadata = with(opts.UserMetadata, "X-Amz-Checksum-Algorithm", "SHA256")
	p.id, err = w.bucket.core.NewMultipartUpload(w.ctx, w.bucket.name, w.key, opts)
	return err
}

// complete makes an object of the parts.
func (p *parts) complete() error {
	w := p.w
	if err := w.ctx.Err(); err != nil {
		return err
	}
	opts := minio.PutObjectOptions{ServerSideEncryption: w.opts.ServerSideEncryption}
	if w.ifAbsent {
		opts.SetMatchETagExcept("*")
	}
	_, err := w.bucket.core.CompleteMultipartUpload(w.ctx, w.bucket.name, w.key, p.id, p.done, opts)
	return err
}

// abort deletes the parts, even if the write was cancelled. Its own error is dropped, since the
// write failed for another one.
func (p *parts) abort() {
	if p.id == "" {
		return
	}
	ctx, stop := context.WithTimeout(context.WithoutCancel(p.w.ctx), abortTime)
	defer stop()
	_ = p.w.bucket.core.AbortMultipartUpload(ctx, p.w.bucket.name, p.w.key, p.id)
}
