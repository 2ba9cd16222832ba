package bench

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

const sampleEvery = 100 * time.Millisecond

// sample watches the memory of a process until stop is called, which returns what it saw: nothing where the system does not
// tell in /proc.
func sample(pid int, start time.Time) (stop func() []Sample) {
	done, samples := make(chan struct{}), make(chan []Sample, 1)
	go func() {
		var seen []Sample
		tick := time.NewTicker(sampleEvery)
		defer tick.Stop()
		for {
			select {
			case <-done:
				samples <- seen
				return
			case now := <-tick.C:
				if m, ok := resident(pid); ok {
					seen = append(seen, Sample{Seconds: now.Sub(start).Seconds(), Memory: m})
				}
			}
		}
	}()
	return func() []Sample {
		close(done)
		return <-samples
	}
}

// resident returns the bytes of memory that a process has now.
func resident(pid int) (int64, bool) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		return 0, false
	}
	fields := strings.Fields(string(text))
	if len(fields) < 2 {
		return 0, false
	}
	pages, err := strconv.ParseInt(fields[1], 10, 64)
	return pages * int64(os.Getpagesize()), err == nil && pages > 0
}
