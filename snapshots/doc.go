// Package snapshots reads what a repository knows of a mailbox: its refs, its
// snapshot manifests and the rows of their segments. Both the write path, which
// goes on from the last snapshot, and the read path start here. Everything it
// hands out has been checked against the digest by which it was asked for.
package snapshots
