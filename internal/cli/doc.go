// Package cli is mailhaul's command line: one file for each command. It is the
// one place that knows which source, which bucket and which stages there are, and
// the only one that prints, logs and chooses exit codes.
package cli
