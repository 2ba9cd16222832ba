package sinks_test

import (
	"testing"

	"github.com/mailhaul/mailhaul/internal/servers"
)

// stores are all stores of this package. Each starts a server, sets the credentials for it, and
// returns the URL of an empty prefix.
var stores = map[string]func(*testing.T) string{
	"directory": func(t *testing.T) string { return t.TempDir() },
	"memory":    func(*testing.T) string { return "mem://" },
	"MinIO":     func(t *testing.T) string { return onS3(t, servers.MinIO(t)) },
	"VersityGW": func(t *testing.T) string { return onS3(t, servers.VersityGW(t)) },
	"Azurite": func(t *testing.T) string {
		s := servers.Azurite(t)
		s.Setenv(t)
		return s.URL(s.Container(t), prefix)
	},
	"fake-gcs-server": func(t *testing.T) string {
		s := servers.FakeGCS(t)
		s.Setenv(t)
		return s.URL(s.Bucket(t), prefix)
	},
}

// prefix has characters that URLs escape.
const prefix = "mail archive/über+us & co=1/2026"

func onS3(t *testing.T, s *servers.S3) string {
	s.Setenv(t)
	return s.URL(s.Bucket(t), prefix)
}
