// Package cli is mailhaul's command line. It is the one place that prints and exits.
package cli
