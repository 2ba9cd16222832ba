// Package render shows reports of benchmarks to people and programs: as text for a terminal, as Markdown, as JSON, and as one
// HTML page with plots that needs nothing from elsewhere: no script, font or image.
//
// A report may lack anything, and its names and figures are not trusted: what is missing or no number is left out, and text
// is escaped for where it goes.
package render
