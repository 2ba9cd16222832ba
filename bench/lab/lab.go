package lab

import (
	"context"
	"errors"
	"os"

	"github.com/mailhaul/mailhaul/bench/internal/scratch"
)

// A lab is what all scenarios of a benchmark share.
type lab struct {
	opts      Options
	dir       string  // temporary
	prefix    string  // of all keys in Options.Repo
	minio     *minIO  // nil until a scenario needs it
	stores    int     // made so far
	leftovers []error // in Options.Repo
}

func openLab(opts Options) (*lab, error) {
	opts = opts.withDefaults()
	if err := opts.check(); err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "mailhaul-bench-")
	if err != nil {
		return nil, err
	}
	return &lab{opts: opts, dir: dir, prefix: scratch.NewPrefix()}, nil
}

// close deletes everything. Its error includes the leftovers.
func (l *lab) close() error {
	if l.minio != nil {
		l.minio.stop()
	}
	return errors.Join(append(l.leftovers, os.RemoveAll(l.dir))...)
}

// logCancellation logs what is being deleted when the context ends: it stays if the process is
// killed before that is done. The caller calls stop in the end.
func (l *lab) logCancellation(ctx context.Context) (stop func()) {
	logged := make(chan struct{})
	cancel := context.AfterFunc(ctx, func() {
		defer close(logged)
		attrs := []any{"directory", l.dir}
		if l.opts.Repo != "" {
			attrs = append(attrs, "prefix", l.prefix)
		}
		l.opts.Logger.Warn("interrupted: deleting temporary data", attrs...)
	})
	return func() {
		if !cancel() {
			<-logged
		}
	}
}
