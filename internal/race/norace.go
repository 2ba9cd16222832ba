//go:build !race

// Package race reports whether the program was built with the race detector.
package race

// Enabled is true if it was.
const Enabled = false
