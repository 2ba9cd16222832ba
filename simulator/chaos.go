package simulator

import (
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"
)

// Chaos makes requests go wrong at random, in ways that a client gets over by asking again. Which ones, the seed decides;
// it is logged at level info. The zero value makes nothing go wrong.
type Chaos struct {
	// Seed is the seed of the chances; [Options].Seed if zero.
	Seed uint64
	// Rate is the chance of each kind of fault, in 1000 requests that it can hit.
	Rate int
	// Rates are the chances of single kinds, instead of Rate, by name:
	//
	//	throttle     429, with Retry-After as the options have it
	//	unavailable  503 with an empty body
	//	fail         500, 502 or 504
	//	cut          the body ends early, as if that were all
	//	reset        the connection is reset, before the response or in its midst
	//	stall        the body stops until the client hangs up; never, unless it has a rate of its own
	//	delay        up to 20 ms pass first
	//	omit         up to three items of an export are missing
	//	repeat       up to three elements come twice
	//	reverse      the elements of a delta or an export come in reverse
	//	extra        an export has items that nobody asked for
	//	item         items of an export have errors that pass
	//	empty        a page of a delta has nothing but a link
	//	replay       a page of a delta begins with what was told before
	//	expire       a delta token has expired
	//	odd          an export is spelt in a way that means the same
	Rates map[string]int
	// Patience is how many faults in a row, at most, hit the same request or the same item; 2 if zero.
	Patience int
}

// mischief is a kind of random fault.
type mischief struct {
	name string
	ops  []Operation // what it can hit; all but tokens if nil
	make func(r *rng) Fault
}

var (
	onDeltas  = []Operation{OpFolderDelta, OpItemDelta}
	onExports = []Operation{OpExport}
	onBoth    = []Operation{OpExport, OpFolderDelta, OpItemDelta}
)

// mischiefs are the kinds in the order in which they are tried.
var mischiefs = []mischief{
	{"throttle", nil, func(*rng) Fault { return Fault{Status: http.StatusTooManyRequests, Bare: true} }},
	{"unavailable", nil, func(*rng) Fault { return Fault{Status: http.StatusServiceUnavailable, Empty: true} }},
	{"fail", nil, func(r *rng) Fault { return Fault{Status: pick(r, []int{500, 502, 504})} }},
	{"cut", nil, func(r *rng) Fault { return Fault{Cut: CutClean, CutAfter: r.below(pick(r, cutRanges))} }},
	{"reset", nil, func(r *rng) Fault { return Fault{Cut: CutReset, CutAfter: r.below(pick(r, cutRanges))} }},
	{"stall", nil, func(r *rng) Fault { return Fault{Cut: CutStall, CutAfter: r.below(pick(r, cutRanges))} }},
	{"delay", nil, func(r *rng) Fault { return Fault{Delay: time.Duration(r.below(20)) * time.Millisecond} }},
	{"omit", onExports, func(r *rng) Fault { return Fault{Omit: 1 + int(r.below(3))} }},
	{"repeat", onBoth, func(r *rng) Fault { return Fault{Repeat: 1 + int(r.below(3))} }},
	{"reverse", onBoth, func(*rng) Fault { return Fault{Reverse: true} }},
	{"extra", onExports, func(r *rng) Fault { return Fault{Extra: 1 + int(r.below(2))} }},
	{"item", onExports, func(r *rng) Fault { return Fault{ItemCode: pick(r, passingCodes), some: rng(r.next())} }},
	{"empty", onDeltas, func(*rng) Fault { return Fault{EmptyPage: true} }},
	{"replay", onDeltas, func(r *rng) Fault { return Fault{Replay: 1 + int(r.below(12))} }},
	{"expire", onDeltas, func(r *rng) Fault {
		return Fault{Expire: pick(r, []Expiry{ExpiryGone, ExpiryStateNotFound, ExpiryResync})}
	}},
	{"odd", onExports, func(*rng) Fault { return Fault{Odd: true} }},
}

// cutRanges are the lengths, in bytes, below which responses are cut.
var cutRanges = []int64{1, 60, 3000, 200_000}

// passingCodes are errors of items that asking again gets over.
var passingCodes = []string{"ErrorInternalServerTransientError", "ErrorServerBusy", "ErrorMailboxStoreUnavailable", "ErrorTimeoutExpired"}

// mostRate bounds the rates, in 1000: beyond it a client might not get through.
const mostRate = 300

func (c *Chaos) check() error {
	if c.Rate < 0 || c.Rate > mostRate || c.Patience < 0 {
		return fmt.Errorf("simulator: chaos at a rate of %d, patience %d: want a rate of at most %d", c.Rate, c.Patience, mostRate)
	}
	for name, rate := range c.Rates {
		if rate < 0 || rate > mostRate || !slices.ContainsFunc(mischiefs, func(m mischief) bool { return m.name == name }) {
			return fmt.Errorf("simulator: chaos of kind %q at a rate of %d: want a known kind and a rate of at most %d", name, rate, mostRate)
		}
	}
	return nil
}

// rate is the chance of a kind in 1000.
func (c *Chaos) rate(name string) int64 {
	if rate, ok := c.Rates[name]; ok {
		return int64(rate)
	}
	if name == "stall" {
		return 0
	}
	return int64(c.Rate)
}

// maxPending bounds what is remembered of requests that went wrong and did not come again.
const maxPending = 1 << 16

// chaos decides which requests go wrong.
type chaos struct {
	opts Options

	mu      sync.Mutex
	rng     rng
	pending map[string]int // how often in a row what a request asks for went wrong
}

func (k *chaos) init(opts Options) {
	k.opts, k.rng, k.pending = opts, mixed(opts.Chaos.Seed, 'f'), map[string]int{}
	if opts.Chaos.Rate > 0 || len(opts.Chaos.Rates) > 0 {
		opts.Logger.Info("requests go wrong at random", "seed", opts.Chaos.Seed)
	}
}

// subjects are what a request asks for: items, or what its path names.
func (c *call) subjects() []string {
	if c.op == OpExport {
		return c.ids
	}
	return []string{string(c.op) + " " + c.r.URL.EscapedPath()}
}

// strike returns a fault for a request, or nil.
func (k *chaos) strike(c *call) *Fault {
	if c.op == OpToken || k.opts.Chaos.Rate == 0 && len(k.opts.Chaos.Rates) == 0 {
		return nil
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	f := k.draw(c)
	if len(k.pending) > maxPending {
		clear(k.pending)
	}
	for _, subject := range c.subjects() {
		if f != nil {
			k.pending[subject]++
		} else {
			delete(k.pending, subject)
		}
	}
	return f
}

// draw leaves it to chance, unless something that the request asks for went wrong too often.
func (k *chaos) draw(c *call) *Fault {
	for _, subject := range c.subjects() {
		if k.pending[subject] >= k.opts.Chaos.Patience {
			return nil
		}
	}
	for _, m := range mischiefs {
		if m.ops != nil && !slices.Contains(m.ops, c.op) || k.rng.below(1000) >= k.opts.Chaos.rate(m.name) {
			continue
		}
		f := m.make(&k.rng)
		c.server.stats.random(m.name)
		if f.Status == http.StatusTooManyRequests && k.opts.RetryAfter >= 0 {
			f.RetryAfter = wholeSeconds(k.opts.RetryAfter)
		}
		return &f
	}
	return nil
}
