package bench

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

const sampleEvery = 100 * time.Millisecond

// sample watches a process until stop is called, which returns what it saw: its memory, where the system tells that in
// /proc, and what look fills in.
func sample(pid int, start time.Time, look func(*Sample) bool) (stop func() []Sample) {
	done, samples := make(chan struct{}), make(chan []Sample, 1)
	go func() {
		var seen []Sample
		see := func() {
			memory, known := resident(pid)
			m := Sample{Memory: memory}
			if looked := look != nil && look(&m); known || looked {
				m.Seconds = time.Since(start).Seconds()
				seen = append(seen, m)
			}
		}
		tick := time.NewTicker(sampleEvery)
		defer tick.Stop()
		for {
			select {
			case <-done:
				see() // the end of what look tells: the process has gone
				samples <- seen
				return
			case <-tick.C:
				see()
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
