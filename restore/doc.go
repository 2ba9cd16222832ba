// Package restore reads a repository: it verifies that the repository is intact, and extracts
// items. It checks every object against its name, every chunk and item against its digest, and
// bounds every size before it takes memory.
package restore
