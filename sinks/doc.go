// Package sinks is where repositories lie: it opens buckets by URL, and gives a
// repository's objects their keys, their order and their rules. Nothing that it stores
// is ever overwritten, and nothing that it reads is believed before its digest was
// checked.
//
// A bucket is Go CDK's *blob.Bucket. Open makes one of a URL; users of the package can
// pass any other to InitRepository and OpenRepository, if it creates objects
// atomically if they are absent.
package sinks
