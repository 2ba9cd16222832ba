// Package replicate copies repositories: the snapshots of mailboxes with all that they
// refer to, children before parents, so that what exists in the target is whole at
// any moment. What the target holds is not read again; what is read is held
// against its digest before it is written.
package replicate
