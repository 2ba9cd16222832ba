package simulator

import (
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/mailhaul/mailhaul/simulator/internal/rng"
)

// Chaos makes requests go wrong at random, in ways that a client survives if it requests again. The
// seed decides which; it is logged at level info. The zero value makes nothing go wrong.
type Chaos struct {
	// Seed is [Options].Seed if zero.
	Seed uint64
	// Rate is the chance of each kind of fault: how many of 1000 requests that it can hit go wrong.
	Rate int
	// Rates replaces Rate for some kinds, by name:
	//
	//	throttle     429, with Retry-After as the options have it
	//	unavailable  503 with an empty body
	//	fail         500, 502 or 504
	//	cut          the body ends early, as if it were complete
	//	reset        the connection is reset, before or within the response
	//	stall        the body stops until the client hangs up; only if Rates has it
	//	delay        the answer begins up to 20 ms later
	//	omit         up to three items of an export are missing
	//	repeat       up to three elements come twice
	//	reverse      the elements of a delta or an export come in reverse
	//	extra        an export has items that were not requested
	//	item         items of an export have retryable errors
	//	empty        a page of a delta has only a link
	//	replay       a page of a delta begins with elements of earlier pages
	//	expire       a delta token has expired
	//	odd          an export is written in an unusual way that means the same
	Rates map[string]int
	// Patience is how many faults in a row, at most, hit the same request or the same item; 2 if
	// zero.
	Patience int
}

// faultKind is a kind of random fault.
type faultKind struct {
	name string
	ops  []Operation // what it can hit; all but tokens if nil
	make func(r *rng.Rand) Fault
}

var (
	onDeltas  = []Operation{OpFolderDelta, OpItemDelta}
	onExports = []Operation{OpExport}
	onBoth    = []Operation{OpExport, OpFolderDelta, OpItemDelta}
)

// faultKinds are the kinds in the order in which they are drawn.
var faultKinds = []faultKind{
	{"throttle", nil, func(*rng.Rand) Fault { return Fault{Status: http.StatusTooManyRequests, Bare: true} }},
	{"unavailable", nil, func(*rng.Rand) Fault { return Fault{Status: http.StatusServiceUnavailable, Empty: true} }},
	{"fail", nil, func(r *rng.Rand) Fault { return Fault{Status: rng.Pick(r, []int{500, 502, 504})} }},
	{"cut", nil, func(r *rng.Rand) Fault { return Fault{Cut: CutClean, CutAfter: r.Below(rng.Pick(r, cutRanges))} }},
	{"reset", nil, func(r *rng.Rand) Fault { return Fault{Cut: CutReset, CutAfter: r.Below(rng.Pick(r, cutRanges))} }},
	{"stall", nil, func(r *rng.Rand) Fault { return Fault{Cut: CutStall, CutAfter: r.Below(rng.Pick(r, cutRanges))} }},
	{"delay", nil, func(r *rng.Rand) Fault { return Fault{Delay: time.Duration(r.Below(20)) * time.Millisecond} }},
	{"omit", onExports, func(r *rng.Rand) Fault { return Fault{Omit: 1 + int(r.Below(3))} }},
	{"repeat", onBoth, func(r *rng.Rand) Fault { return Fault{Repeat: 1 + int(r.Below(3))} }},
	{"reverse", onBoth, func(*rng.Rand) Fault { return Fault{Reverse: true} }},
	{"extra", onExports, func(r *rng.Rand) Fault { return Fault{Extra: 1 + int(r.Below(2))} }},
	{"item", onExports, func(r *rng.Rand) Fault { return Fault{ItemCode: rng.Pick(r, retryableCodes), some: rng.Rand(r.Next())} }},
	{"empty", onDeltas, func(*rng.Rand) Fault { return Fault{EmptyPage: true} }},
	{"replay", onDeltas, func(r *rng.Rand) Fault { return Fault{Replay: 1 + int(r.Below(12))} }},
	{"expire", onDeltas, func(r *rng.Rand) Fault {
		return Fault{Expire: rng.Pick(r, []Expiry{ExpiryGone, ExpiryStateNotFound, ExpiryResync})}
	}},
	{"odd", onExports, func(*rng.Rand) Fault { return Fault{Odd: true} }},
}

// cutRanges are lengths in bytes; a response is cut somewhere below one of them.
var cutRanges = []int64{1, 60, 3000, 200_000}

// retryableCodes are errors of items that a second request may not have.
var retryableCodes = []string{"ErrorInternalServerTransientError", "ErrorServerBusy", "ErrorMailboxStoreUnavailable", "ErrorTimeoutExpired"}

// maxRate bounds the rates, in 1000: with higher ones, a client might not succeed.
const maxRate = 300

func (c *Chaos) check() error {
	if c.Rate < 0 || c.Rate > maxRate || c.Patience < 0 {
		return fmt.Errorf("simulator: chaos at a rate of %d, patience %d: want a rate of at most %d", c.Rate, c.Patience, maxRate)
	}
	for name, rate := range c.Rates {
		if rate < 0 || rate > maxRate || !slices.ContainsFunc(faultKinds, func(k faultKind) bool { return k.name == name }) {
			return fmt.Errorf("simulator: chaos of kind %q at a rate of %d: want a known kind and a rate of at most %d", name, rate, maxRate)
		}
	}
	return nil
}

// rate is the chance of a kind, in 1000.
func (c *Chaos) rate(name string) int64 {
	if rate, ok := c.Rates[name]; ok {
		return int64(rate)
	}
	if name == "stall" {
		return 0
	}
	return int64(c.Rate)
}

// maxFailed bounds what is remembered of requests that went wrong and were not repeated.
const maxFailed = 1 << 16

// chaos decides which requests go wrong.
type chaos struct {
	opts Options

	mu     sync.Mutex
	rng    rng.Rand
	failed map[string]int // how often in a row a request or an item went wrong
}

func (k *chaos) init(opts Options) {
	k.opts, k.rng, k.failed = opts, rng.New(opts.Chaos.Seed, 'f'), map[string]int{}
	if opts.Chaos.Rate > 0 || len(opts.Chaos.Rates) > 0 {
		opts.Logger.Info("requests go wrong at random", "seed", opts.Chaos.Seed)
	}
}

// keys name what a request is for: the items to export, or its path.
func (s *subject) keys() []string {
	if s.op == OpExport {
		return s.ids
	}
	return []string{string(s.op) + " " + s.path}
}

// draw returns a fault for a request, or nil. It counts the fault in the stats.
func (k *chaos) draw(s subject, counts *stats) *Fault {
	if s.op == OpToken || k.opts.Chaos.Rate == 0 && len(k.opts.Chaos.Rates) == 0 {
		return nil
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	keys := s.keys()
	name, f := k.drawKind(s.op, keys)
	if f != nil {
		counts.update(func(c *Stats) { c.Chaos[name]++ })
	}
	if len(k.failed) > maxFailed {
		clear(k.failed)
	}
	for _, key := range keys {
		if f != nil {
			k.failed[key]++
		} else {
			delete(k.failed, key)
		}
	}
	return f
}

// drawKind draws a fault, unless one of the keys went wrong too often.
func (k *chaos) drawKind(op Operation, keys []string) (string, *Fault) {
	if slices.ContainsFunc(keys, func(key string) bool { return k.failed[key] >= k.opts.Chaos.Patience }) {
		return "", nil
	}
	for _, kind := range faultKinds {
		if kind.ops != nil && !slices.Contains(kind.ops, op) || k.rng.Below(1000) >= k.opts.Chaos.rate(kind.name) {
			continue
		}
		f := kind.make(&k.rng)
		if f.Status == http.StatusTooManyRequests && k.opts.RetryAfter >= 0 {
			f.RetryAfter = wholeSeconds(k.opts.RetryAfter)
		}
		return kind.name, &f
	}
	return "", nil
}
