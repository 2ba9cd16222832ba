package lab

import (
	"time"

	"github.com/mailhaul/mailhaul/bench/internal/machine"
	"github.com/mailhaul/mailhaul/bench/report"
)

const sampleInterval = 100 * time.Millisecond

// startSamples samples a process until stop is called, which returns the samples. Each has the memory
// of the process, if it is known, and what progress sets. progress may be nil. It returns false if
// it has nothing new.
func startSamples(pid int, start time.Time, progress func(*report.Sample) bool) (stop func() []report.Sample) {
	quit, result := make(chan struct{}), make(chan []report.Sample, 1)
	go func() {
		var samples []report.Sample
		take := func() {
			s := report.Sample{Memory: machine.Resident(pid)}
			updated := progress != nil && progress(&s)
			if updated || s.Memory > 0 {
				s.Seconds = time.Since(start).Seconds()
				samples = append(samples, s)
			}
		}
		tick := time.NewTicker(sampleInterval)
		defer tick.Stop()
		for {
			select {
			case <-quit:
				take() // the process has ended: its last progress
				result <- samples
				return
			case <-tick.C:
				take()
			}
		}
	}()
	return func() []report.Sample {
		close(quit)
		return <-result
	}
}
