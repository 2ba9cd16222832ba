// Package manifest is the format of a repository's metadata: digests, item rows
// and the segments that hold them, snapshot manifests and refs. It turns values
// into bytes and bytes into checked values, and reads and writes nothing itself.
// docs/format.md describes the same format for readers in other languages.
package manifest
