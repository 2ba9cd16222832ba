// Package replicate copies repositories: the snapshots of mailboxes with everything that they refer
// to, children before parents, so that every snapshot in the target is complete at any moment. It
// does not read objects again that the target holds. It checks the digest of every object that it
// reads before it writes it.
package replicate
