package sinktest

import (
	"context"

	"gocloud.dev/blob"
)

// probe is the object by which rights are tried.
const (
	probe     = "probe"
	probeText = "mailhaul was here\n"
)

func list(ctx context.Context, e *Env) error {
	_, err := e.list(ctx, &blob.ListOptions{})
	return err
}

func create(ctx context.Context, e *Env) error {
	return e.create(ctx, e.first(), probe, []byte(probeText))
}

func read(ctx context.Context, e *Env) error {
	return e.holds(ctx, e.first(), probe, []byte(probeText))
}

func remove(ctx context.Context, e *Env) error {
	const key = "deleted"
	if err := e.create(ctx, e.first(), key, []byte(probeText)); err != nil {
		return err
	}
	if err := e.delete(ctx, key); err != nil {
		return err
	}
	if _, err := e.read(ctx, e.first(), key); err == nil {
		return unexpected("read", key, nil)
	}
	return e.create(ctx, e.first(), key, []byte("again"))
}
