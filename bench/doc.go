// Package bench measures how fast mailhaul exports a mailbox of the user's own tenant into the
// user's own store, and estimates how long many mailboxes take.
//
// The rest of the benchmark is below: package lab measures simulated mailboxes, package report
// holds the results of both, and package render shows them.
package bench
