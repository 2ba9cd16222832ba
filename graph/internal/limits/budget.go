package limits

import "time"

const (
	// window is the period in which Graph bounds an app's requests to a mailbox.
	//
	// https://learn.microsoft.com/graph/throttling-limits#outlook-service-limits
	window = 10 * time.Minute

	slotLength = 10 * time.Second
	slots      = int(window/slotLength) + 1 // the current one is incomplete
)

// A Budget is the state of the requests that Graph allows a mailbox in ten minutes.
type Budget struct {
	Used    int       // requests in the last ten minutes, at most 10 seconds more
	Allowed int       // 0: unlimited
	Resets  time.Time // when the oldest requests of Used expire; zero: Used is 0
}

// A budget counts the requests of the last ten minutes. The first four fifths may start at any
// pace. The rest is spread over the time until the first ones expire: requests become slower and
// never stop.
type budget struct {
	allowed int // 0: unlimited
	began   time.Time
	slot    int // the current one, since began
	counts  [slots]int
	used    int // the sum of counts
	next    time.Time
}

// advance removes expired requests.
func (b *budget) advance(now time.Time) {
	to := int(now.Sub(b.began) / slotLength)
	for steps := 0; b.slot < to && steps < slots; steps++ {
		b.slot++
		b.used -= b.counts[b.slot%slots]
		b.counts[b.slot%slots] = 0
	}
	b.slot = max(b.slot, to)
}

// wait returns the time until a request may start, at most 0 if it may start now.
func (b *budget) wait(now time.Time) time.Duration {
	b.advance(now)
	if b.allowed > 0 && b.used >= b.allowed {
		return b.untilUsed(b.allowed-1, now)
	}
	return b.next.Sub(now)
}

// spend counts a request that starts now.
func (b *budget) spend(now time.Time) {
	b.advance(now)
	b.counts[b.slot%slots]++
	b.used++
	plenty := b.allowed - b.allowed/5
	if left := b.allowed - b.used; left > 0 && b.used > plenty {
		b.next = now.Add(b.untilUsed(plenty, now) / time.Duration(left))
	}
}

// untilUsed returns the time until no more than most of the current requests count.
func (b *budget) untilUsed(most int, now time.Time) time.Duration {
	used, slot := b.used, b.slot-slots
	for used > most {
		slot++
		used -= b.counts[(slot+slots)%slots]
	}
	return b.began.Add(time.Duration(slot+slots) * slotLength).Sub(now)
}

func (b *budget) state(now time.Time) Budget {
	b.advance(now)
	s := Budget{Used: b.used, Allowed: b.allowed}
	if b.used > 0 {
		s.Resets = now.Add(b.untilUsed(b.used-1, now))
	}
	return s
}
