// Package sinktest states what a repository needs of a store, as checks that a program
// can run in a scratch place of it: conditional writes that are atomic, reads that see what
// was written, ranges to the byte, listings that are complete and ordered, and canceled
// writes that leave nothing.
//
// A store that passes can hold a repository; Go CDK's own suite says more of a driver.
package sinktest
