// Package s3blob is a Go CDK driver for S3 and stores that speak its protocol, on
// minio-go.
//
// Objects of up to 16 MiB that are written, and all that come as an io.ReadSeeker
// (Go CDK's Upload of a bytes.Reader), are stored with one PUT whose SHA-256 the store
// checks, in the signature and as the object's checksum, and which can be repeated. Longer ones go up
// in parts. An object that is to be created if it is absent is, by If-None-Match.
//
// Keys escape what S3 or a server of it does not take: control characters, and
// slashes that follow nothing, another slash or two dots. As functions give
// *minio.Client for a bucket; minio.ErrorResponse for errors; minio.ObjectInfo for
// attributes, readers and listed objects; *Upload before writes,
// *minio.GetObjectOptions before reads, *minio.CopyDestOptions before copies and
// *minio.RemoveObjectOptions before deletes.
package s3blob
