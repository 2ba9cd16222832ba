// Package s3blob is a Go CDK driver for S3 and stores that speak its protocol, on
// minio-go.
//
// An object of up to 64 MiB is stored with one PUT, a longer one in parts of that size.
// The store checks the SHA-256 of each, in the signature and as a checksum, and each can be
// repeated. What comes as an io.ReadSeeker and fits one PUT is not copied (Go CDK's Upload
// of a bytes.Reader, but not its WriteAll). An object that is to be created if it is absent
// is, by If-None-Match when it appears. A write that fails or is canceled leaves nothing.
//
// Keys escape what S3 or a server of it does not take: control characters, and
// slashes that follow nothing, another slash or two dots. As functions give
// *minio.Client for a bucket; minio.ErrorResponse for errors; minio.ObjectInfo for
// attributes, readers and listed objects; *Upload before writes,
// *minio.GetObjectOptions before reads, *minio.CopyDestOptions before copies and
// *minio.RemoveObjectOptions before deletes.
package s3blob
