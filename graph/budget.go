package graph

import "time"

const (
	// budgetWindow is the time for which Graph bounds an app's requests to a mailbox.
	//
	// https://learn.microsoft.com/graph/throttling-limits#outlook-service-limits
	budgetWindow = 10 * time.Minute

	budgetSlot  = 10 * time.Second
	budgetSlots = int(budgetWindow/budgetSlot) + 1 // the one under way is not over
)

// A Budget tells how much of the requests that Graph allows a mailbox in ten
// minutes is used.
type Budget struct {
	Used    int       // requests in the last ten minutes, at most 10 seconds more
	Allowed int       // 0: it is not bounded
	Resets  time.Time // when the oldest of Used count no more; zero: there are none
}

// A budget counts the requests of the last ten minutes. Most of them may go at any
// pace. When four fifths are used the rest is spread over the time until the first
// of them count no more, so that requests slow down and never stop.
type budget struct {
	allowed int // 0: any number
	began   time.Time
	slot    int // the one under way, since began
	counts  [budgetSlots]int
	used    int // their sum
	next    time.Time
}

func newBudget(allowed int, now time.Time) budget { return budget{allowed: allowed, began: now} }

// advance forgets the requests that count no more.
func (b *budget) advance(now time.Time) {
	to := int(now.Sub(b.began) / budgetSlot)
	for steps := 0; b.slot < to && steps < budgetSlots; steps++ {
		b.slot++
		b.used -= b.counts[b.slot%budgetSlots]
		b.counts[b.slot%budgetSlots] = 0
	}
	b.slot = max(b.slot, to)
}

// wait is the time until a request may start; not above 0 if it may now.
func (b *budget) wait(now time.Time) time.Duration {
	b.advance(now)
	if b.allowed > 0 && b.used >= b.allowed {
		return b.frees(b.allowed-1, now)
	}
	return b.next.Sub(now)
}

// spend counts a request that starts now.
func (b *budget) spend(now time.Time) {
	b.advance(now)
	b.counts[b.slot%budgetSlots]++
	b.used++
	plenty := b.allowed - b.allowed/5
	if left := b.allowed - b.used; left > 0 && b.used > plenty {
		b.next = now.Add(b.frees(plenty, now) / time.Duration(left))
	}
}

// frees is the time until at most so many of the requests count.
func (b *budget) frees(most int, now time.Time) time.Duration {
	used, slot := b.used, b.slot-budgetSlots
	for used > most {
		slot++
		used -= b.counts[(slot+budgetSlots)%budgetSlots]
	}
	return b.began.Add(time.Duration(slot+budgetSlots) * budgetSlot).Sub(now)
}

func (b *budget) state(now time.Time) Budget {
	b.advance(now)
	s := Budget{Used: b.used, Allowed: b.allowed}
	if b.used > 0 {
		s.Resets = now.Add(b.frees(b.used-1, now))
	}
	return s
}
