//go:build tools

// Package tools pins the servers that the tests run against. They are a
// module of their own, so that users of the library never see what they depend on.
package tools

import (
	_ "github.com/minio/minio"
)
