// Package s3blob is a Go CDK driver for S3 and stores that speak its protocol, on
// minio-go.
//
// An object of up to 64 MiB is stored with one PUT, a longer one in parts of that size. Each
// request carries the SHA-256 of its content, in the signature and as a checksum, and can be
// repeated. An io.ReadSeeker that fits one PUT is not copied: Go CDK's Upload passes it on,
// WriteAll does not. IfNotExist is If-None-Match on the request that makes the object appear. A
// write that fails or is cancelled leaves nothing.
//
// Keys escape what S3 or one of its servers does not accept: control characters, and slashes at
// the beginning, after another slash or after two dots.
//
// As functions give *minio.Client for a bucket; minio.ErrorResponse for errors; minio.ObjectInfo
// for attributes, readers and listed objects; *store.Upload and *minio.PutObjectOptions before
// writes, *minio.GetObjectOptions before reads, *minio.CopyDestOptions before copies and
// *minio.RemoveObjectOptions before deletes. Errors are those of package store.
package s3blob
