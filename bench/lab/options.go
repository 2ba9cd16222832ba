package lab

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"os/exec"
)

// Options are the options of [Measure] and [Suite].
type Options struct {
	// Command returns a command of mailhaul itself with arguments, required. Each contender runs in
	// a process of its own.
	Command func(ctx context.Context, args ...string) *exec.Cmd

	// Seed determines all content; 1 if zero.
	Seed uint64

	// Repetitions is how often each contender runs at most; 5 if zero.
	Repetitions int

	// Cores is how many processors each contender may use; all if zero. The simulated Graph and the
	// store may use all.
	Cores int

	// MinIO is the binary of the MinIO server for scenarios that store in S3.
	MinIO string

	// Repo is the URL of an S3 store that replaces MinIO. Its credentials are in the environment.
	// Objects go below a new prefix and are deleted, as are their versions. The error lists those
	// that cannot be deleted.
	Repo string

	// Logger gets the progress; nil discards it.
	Logger *slog.Logger

	// Version and CommandLine, of mailhaul, are for the report.
	Version, CommandLine string
}

func (o Options) withDefaults() Options {
	if o.Seed == 0 {
		o.Seed = 1
	}
	if o.Repetitions == 0 {
		o.Repetitions = 5
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o
}

func (o *Options) check() error {
	switch {
	case o.Command == nil:
		return errors.New("bench: Options.Command is required")
	case o.Repetitions < 1 || o.Cores < 0:
		return errors.New("bench: repetitions must be at least 1, and cores not negative")
	}
	if o.MinIO != "" {
		if _, err := os.Stat(o.MinIO); err != nil {
			return err
		}
	}
	return nil
}

// errNoS3 is the error of scenarios that need an S3 store.
var errNoS3 = errors.New("no MinIO binary and no URL of an S3 store")

// canStore reports whether there is a store of a kind.
func (o *Options) canStore(s Store) bool { return s != StoreS3 || o.MinIO != "" || o.Repo != "" }
