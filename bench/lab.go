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

func (l *lab) close() error {
	if l.minio != nil {
		l.minio.stop()
	}
	return os.RemoveAll(l.dir)
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
