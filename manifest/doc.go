// Package manifest is the format of a repository's metadata: digests, item rows and the segments
// that hold them, snapshot manifests, refs and acknowledgements. It encodes values, and decodes and
// checks untrusted bytes. It does no I/O. docs/format.md describes the format independently of Go.
package manifest
