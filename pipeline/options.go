package pipeline

import (
	"log/slog"
	"runtime"
	"time"

	"github.com/mailhaul/mailhaul/graph"
	"github.com/mailhaul/mailhaul/manifest"
	"github.com/mailhaul/mailhaul/repository"
)

// A Job is one mailbox to haul into one repository.
type Job struct {
	Source     *graph.MailboxClient
	Repository *repository.Repository
	Mailbox    manifest.Mailbox
	Graph      manifest.Graph
}

// Options tune a run. The zero value is ready for use.
type Options struct {
	// Selection limits what the run takes.
	Selection Selection

	// Full lists everything anew, whatever the last snapshot knows.
	Full bool

	// RetryFailed asks again also for items that failed in ten runs in a row.
	RetryFailed bool

	// NoProperties leaves out what tells people which item it is.
	NoProperties bool

	// A partial snapshot is committed when CheckpointInterval (5 minutes by
	// default) has passed since the last one, or CheckpointBytes (2 GiB by default)
	// of items were recorded. This bounds the work that a killed run loses.
	CheckpointInterval time.Duration
	CheckpointBytes    int64

	// Exporters is the number of export requests in flight, 4 by default: as
	// many as Graph allows for a mailbox.
	Exporters int

	// DrainTimeout bounds the time for storing and committing what has
	// arrived after the caller cancels: 2 minutes by default.
	DrainTimeout time.Duration

	// Pool, if set, is what the run shares with others. By default it has one of its own.
	Pool *Pool

	// Progress, if set, counts while the run goes on.
	Progress *Progress

	// Logger takes notes of what is unusual but no error. By default there is none.
	Logger *slog.Logger
}

// maxFailures bounds the failures that a manifest lists. A run that has more is not
// failing on items, but as a whole.
const maxFailures = 20_000

func (o Options) withDefaults() Options {
	if o.Exporters == 0 {
		o.Exporters = 4
	}
	if o.CheckpointInterval == 0 {
		o.CheckpointInterval = 5 * time.Minute
	}
	if o.CheckpointBytes == 0 {
		o.CheckpointBytes = 2 << 30
	}
	if o.DrainTimeout == 0 {
		o.DrainTimeout = 2 * time.Minute
	}
	if o.Progress == nil {
		o.Progress = &Progress{}
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o
}

func compressors() int { return min(runtime.GOMAXPROCS(0), maxCompressors) }
