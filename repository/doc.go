// Package repository gives the objects of a repository their keys, their order and their rules, in
// a bucket of Go CDK's. Nothing that it stores is ever overwritten, and it checks the digest of
// what it reads.
//
// Package sinks opens buckets by URL. Any other *blob.Bucket serves too, if it creates objects
// atomically if they are absent.
package repository
