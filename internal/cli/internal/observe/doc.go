// Package observe shows work under way: progress on a terminal or in the log, and metrics.
package observe
