// Package sinks opens buckets by URL: S3, Azure Blob Storage, Google Cloud Storage and
// directories, with their options. A bucket is Go CDK's *blob.Bucket.
package sinks
