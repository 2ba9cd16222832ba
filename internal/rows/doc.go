// Package rows indexes the rows of a mailbox by their keys, in little memory: a map from keys to
// values, and an overlay that finds the rows that are live.
package rows
