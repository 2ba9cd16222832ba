//go:build race

// Package race says whether the race detector watches the program.
package race

// Enabled is true if it does.
const Enabled = true
