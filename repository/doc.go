// Package repository keeps the objects of a repository in a bucket. It gives them their keys,
// writes each only if its key has none, and checks the digest of each that it reads. Nothing is
// ever overwritten.
//
// Package sinks opens buckets by URL. Any other *blob.Bucket serves too, if it creates objects
// atomically on condition that they do not exist. Package store says what else a driver can do.
package repository
