// Package render writes reports of benchmarks as text for a terminal, as Markdown, as JSON, and as
// one HTML page with plots, which loads no script, font or image.
//
// Any part of a report may be missing, and its names and figures are not trusted: figures that are
// missing or not finite are left out, and text is escaped.
package render
