package bench

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
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

// at calls f with an empty place of a kind, which is removed afterwards.
func (l *lab) at(ctx context.Context, s Store, f func(place) error) error {
	p, err := l.place(ctx, s)
	if err != nil {
		return err
	}
	err = f(p)
	if removeErr := p.remove(context.WithoutCancel(ctx)); removeErr != nil {
		err = errors.Join(err, fmt.Errorf("clear the store: %w", removeErr))
	}
	return err
}
