// Package restore is the read path: it proves that a repository is whole, and
// takes items out of it. It trusts nothing that it reads: every object is checked
// against its name, every chunk and item against its digest, and no size is
// believed before it is bounded.
package restore
