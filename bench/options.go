package bench

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"os/exec"
)

// Options say how to measure.
type Options struct {
	// Command returns a command of mailhaul itself with arguments, to run in a process of its own. It is needed.
	Command func(ctx context.Context, args ...string) *exec.Cmd

	// Seed decides all content; 1 if zero.
	Seed uint64

	// Repetitions is how often each contender runs, at most; 5 if zero.
	Repetitions int

	// Cores is how many processors contenders may use; all if zero. The simulated Graph and the store may use all.
	Cores int

	// MinIO is the binary of the MinIO server to start for scenarios that need one.
	MinIO string

	// Repo is the URL of an S3 store to use in place of MinIO, with credentials from the environment. What is stored
	// there goes below a new prefix of those that no repository takes for its own, and is deleted, and its versions too; what may
	// not be deleted is in the error.
	Repo string

	// Dir is where directories for scenarios are made, and deleted; the system's own if empty.
	Dir string

	// Logger is told what goes on; nobody is if nil.
	Logger *slog.Logger

	// Version is mailhaul's own, for the report.
	Version string

	// CommandLine is what repeats the measurement, for the report.
	CommandLine string
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
		return errors.New("bench: no command to run mailhaul with")
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
