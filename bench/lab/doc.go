// Package lab measures how fast mailhaul exports simulated mailboxes on this machine, and what
// limits it.
//
// A [Scenario] is a seeded workload and a kind of store. The simulated Graph runs in a process of
// its own, which has made all responses before the clock starts. The export runs in another
// process, so that its CPU time and peak memory are its own. Other contenders take turns with it
// over the same bytes: see package yardstick.
//
// Efficiency is the floor divided by the CPU time of the export. Absolute figures depend on the
// machine more than on the program, so efficiency is the figure to track.
package lab
