package pipeline

import (
	"cmp"
	"log/slog"
	"time"

	"github.com/mailhaul/mailhaul/graph"
	"github.com/mailhaul/mailhaul/manifest"
	"github.com/mailhaul/mailhaul/repository"
)

// A Job is one mailbox to export into one repository.
type Job struct {
	Source     *graph.MailboxClient
	Repository *repository.Repository
	Mailbox    manifest.Mailbox
	Graph      manifest.Graph
}

// Options tune a run. The zero value is ready for use.
type Options struct {
	// Selection limits what the run exports.
	Selection Selection

	// Full lists everything again, whatever the last snapshot knows.
	Full bool

	// RetryFailed also requests items that failed in ten runs in a row.
	RetryFailed bool

	// NoProperties leaves out subjects, senders and other properties that identify an item to
	// people.
	NoProperties bool

	// A partial snapshot is committed when CheckpointInterval (5 minutes by default) has passed
	// since the last one, or CheckpointBytes (2 GiB by default) of items were recorded. This bounds
	// the work that a killed run loses.
	CheckpointInterval time.Duration
	CheckpointBytes    int64

	// Exporters is the number of export requests at a time, 4 by default: as many as Graph allows
	// for a mailbox.
	Exporters int

	// DrainTimeout bounds the time for storing and committing what has arrived after the caller
	// cancels: 2 minutes by default.
	DrainTimeout time.Duration

	// Pool is what the run shares with others. By default the run has a pool of its own.
	Pool *Pool

	// Progress, if set, is updated during the run.
	Progress *Progress

	// Logger receives what is unusual but no error. By default nothing is logged.
	Logger *slog.Logger
}

func (o Options) withDefaults() Options {
	o.Exporters = cmp.Or(o.Exporters, 4)
	o.CheckpointInterval = cmp.Or(o.CheckpointInterval, 5*time.Minute)
	o.CheckpointBytes = cmp.Or(o.CheckpointBytes, 2<<30)
	o.DrainTimeout = cmp.Or(o.DrainTimeout, 2*time.Minute)
	if o.Progress == nil {
		o.Progress = &Progress{}
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o
}
