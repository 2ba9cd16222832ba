// Package snapshots reads what a repository holds of a mailbox: refs, snapshot manifests and the
// rows of their segments, and acknowledgements of gaps. It compares snapshots with each other and
// with Graph's counts. Everything that it returns was checked against its digest.
package snapshots
