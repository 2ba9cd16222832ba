package bench

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"

	"github.com/mailhaul/mailhaul/repository"
)

// A lab is where measurements are made: what they share, and what must be cleared away.
type lab struct {
	opts   Options
	id     string
	dir    string
	minio  *minIO // nil until it is needed
	places int
	left   []error // what could not be deleted of a store that was given
}

func openLab(opts Options) (*lab, error) {
	opts = opts.withDefaults()
	if err := opts.check(); err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp(opts.Dir, "mailhaul-bench-")
	if err != nil {
		return nil, err
	}
	return &lab{opts: opts, id: rand.Text()[:8], dir: dir}, nil
}

// close clears away, and tells what stays.
func (l *lab) close() error {
	if l.minio != nil {
		l.minio.stop()
	}
	return errors.Join(append(l.left, os.RemoveAll(l.dir))...)
}

// tellEnd tells when the context ends what is cleared away then: should the process be killed before it is done, that stays.
// The caller calls done when nothing needs to be told any more.
func (l *lab) tellEnd(ctx context.Context) (done func()) {
	told := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(told)
		what := []any{"directory", l.dir}
		if l.opts.Repo != "" {
			what = append(what, "below the store", l.prefix())
		}
		l.opts.Logger.Warn("stopping, and clearing away", what...)
	})
	return func() {
		if !stop() {
			<-told
		}
	}
}

// prefix is what all keys begin with in a store that was given.
func (l *lab) prefix() string { return repository.ScratchDir + "bench-" + l.id + "/" }

// at calls f with an empty place of a kind, which is removed afterwards.
func (l *lab) at(ctx context.Context, s Store, f func(place) error) error {
	p, err := l.place(ctx, s)
	if err != nil {
		return err
	}
	err = f(p)
	if ctx.Err() != nil && !p.given {
		return err // it goes with all else, and its server has ended
	}
	if removeErr := p.remove(context.WithoutCancel(ctx)); removeErr != nil {
		err = errors.Join(err, fmt.Errorf("clear the store: %w", removeErr))
	}
	return err
}
