package simulator

import (
	"cmp"
	"fmt"
	"io"
	"log/slog"
	"time"
)

// The bounds of [Options].
const (
	maxMailboxes = 1_000_000
	maxItems     = 1 << 36
	maxItemBytes = 2 << 30

	maxFolders     = 100_000
	maxAuxiliaries = 10
)

// Options describes what a [Server] contains and how it behaves. The zero value is one mailbox of
// 2,000 items that anybody may read.
type Options struct {
	// Seed decides all content: mailboxes, ids, items.
	Seed uint64
	// Mailboxes is the number of users, at most a million; 1 if zero.
	Mailboxes int
	// Folders is the least number of folders in each primary mailbox, at most 100,000. There are
	// always about sixty.
	Folders int
	// Archives gives every user an archive mailbox with a quarter of Items.
	Archives bool
	// Auxiliaries is the number of auxiliary mailboxes of each archive, at most 10. Some of the
	// archive's folders live there.
	Auxiliaries int
	// Items is the number of items in each mailbox; 2,000 if zero, none if negative.
	Items int
	// ItemSize makes every item about this many bytes, at least about 3,000 and at most 2 GiB. If
	// zero, sizes spread from about 3 KB to MaxItemSize, half of them below 20 KB.
	ItemSize int64
	// MinItemSize spreads sizes from it to MaxItemSize, as many in each doubling. It has no effect
	// if ItemSize is set.
	MinItemSize int64
	// MaxItemSize bounds the spread of sizes; 48 MiB if zero.
	MaxItemSize int64
	// RequireToken answers 401 to requests without a bearer token of the token endpoint, or the one
	// in Token.
	RequireToken bool
	// Token is the token that the token endpoint gives out; if empty, it gives out signed tokens.
	Token string
	// TokenLifetime is how long a signed token is valid; an hour if zero.
	TokenLifetime time.Duration
	// MaxPageSize bounds the elements of a page, whatever the request wants; 1,000 if zero.
	MaxPageSize int
	// Concurrency is how many requests a mailbox serves at once before it answers 429; 4 if zero,
	// no limit if negative.
	Concurrency int
	// RetryAfter is how long a client beyond Concurrency is to wait; 1 s if zero. It is sent in
	// whole seconds, rounded up. If negative, no answer has a Retry-After.
	RetryAfter time.Duration
	// RetryAfterDate sends Retry-After as a date.
	RetryAfterDate bool
	// BusyAs503 answers 503 instead of 429 beyond Concurrency.
	BusyAs503 bool
	// RequestLimit is how many requests a mailbox serves in RequestWindow before it answers 429; no
	// limit if zero. Graph's is 10,000.
	RequestLimit int
	// RequestWindow is ten minutes if zero. It begins with the first request after the end of the
	// one before.
	RequestWindow time.Duration
	// Latency is how long each request takes before its answer begins. The request counts against
	// Concurrency meanwhile.
	Latency time.Duration
	// ResponseRate is how many bytes of each response's body are sent in a second; no limit if
	// zero.
	ResponseRate int64
	// ChangeEvery makes one random change to a mailbox, as [Server.Step] does, once in this many
	// requests to it; none if zero. Seed decides the changes.
	ChangeEvery int
	// Chaos makes requests go wrong at random.
	Chaos Chaos
	// Now returns the time; [time.Now] if nil.
	Now func() time.Time
	// Logger gets a line for each request at debug level; nil logs nothing.
	Logger *slog.Logger
}

func (o Options) withDefaults() Options {
	o.Mailboxes = cmp.Or(o.Mailboxes, 1)
	o.Items = max(0, cmp.Or(o.Items, 2000))
	o.MaxItemSize = cmp.Or(o.MaxItemSize, 48<<20)
	o.MaxPageSize = cmp.Or(o.MaxPageSize, 1000)
	o.Concurrency = cmp.Or(o.Concurrency, 4)
	o.RetryAfter = cmp.Or(o.RetryAfter, time.Second)
	o.RequestWindow = cmp.Or(o.RequestWindow, 10*time.Minute)
	o.TokenLifetime = cmp.Or(o.TokenLifetime, time.Hour)
	o.Chaos.Seed = cmp.Or(o.Chaos.Seed, o.Seed)
	o.Chaos.Patience = cmp.Or(o.Chaos.Patience, 2)
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.NewTextHandler(io.Discard, &slog.HandlerOptions{Level: slog.LevelError + 1}))
	}
	return o
}

// check refuses options that are out of bounds. It expects defaults to be filled in.
func (o Options) check() error {
	switch {
	case o.Mailboxes < 0 || o.Mailboxes > maxMailboxes:
		return fmt.Errorf("simulator: %d mailboxes: want 1 to %d", o.Mailboxes, maxMailboxes)
	case o.Items > maxItems:
		return fmt.Errorf("simulator: %d items a mailbox: want at most %d", o.Items, int64(maxItems))
	case o.ItemSize < 0 || o.ItemSize > maxItemBytes:
		return fmt.Errorf("simulator: items of %d bytes: want at most %d", o.ItemSize, int64(maxItemBytes))
	case o.MaxItemSize < 0 || o.MaxItemSize > maxItemBytes:
		return fmt.Errorf("simulator: items up to %d bytes: want at most %d", o.MaxItemSize, int64(maxItemBytes))
	case o.MinItemSize < 0 || o.MinItemSize > o.MaxItemSize:
		return fmt.Errorf("simulator: items from %d to %d bytes: want the first number to be the smaller", o.MinItemSize, o.MaxItemSize)
	case o.MaxPageSize < 0:
		return fmt.Errorf("simulator: pages of %d: want at least 1", o.MaxPageSize)
	case o.TokenLifetime < 0:
		return fmt.Errorf("simulator: tokens that are valid for %v: want a positive time", o.TokenLifetime)
	case o.Folders < 0 || o.Folders > maxFolders:
		return fmt.Errorf("simulator: %d folders: want at most %d", o.Folders, maxFolders)
	case o.Auxiliaries < 0 || o.Auxiliaries > maxAuxiliaries:
		return fmt.Errorf("simulator: %d auxiliary mailboxes: want at most %d", o.Auxiliaries, maxAuxiliaries)
	case o.Latency < 0 || o.ResponseRate < 0:
		return fmt.Errorf("simulator: latency %v, %d bytes a second: want none negative", o.Latency, o.ResponseRate)
	case o.RequestLimit < 0 || o.RequestWindow < 0 || o.ChangeEvery < 0:
		return fmt.Errorf("simulator: request limit %d in %v, a change every %d: want none negative", o.RequestLimit, o.RequestWindow, o.ChangeEvery)
	}
	return o.Chaos.check()
}
