package machine

import (
	"sync"
	"time"

	"github.com/mailhaul/mailhaul/bench/report"
)

const (
	sampleInterval = 100 * time.Millisecond
	maxSamples     = 1000 // then every other sample is dropped, and the interval doubles
)

// Sample samples a process until stop is called, which returns the samples. A sample has the memory of
// the process, and what progress sets. progress may be nil. It returns false if it knows nothing
// new. stop may be called more than once.
func Sample(pid int, start time.Time, progress func(*report.Sample) bool) (stop func() []report.Sample) {
	s := &sampler{pid: pid, start: start, progress: progress}
	quit, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		s.run(quit)
	}()
	return sync.OnceValue(func() []report.Sample {
		close(quit)
		<-done
		return s.samples
	})
}

type sampler struct {
	pid      int
	start    time.Time
	progress func(*report.Sample) bool
	samples  []report.Sample
}

func (s *sampler) run(quit <-chan struct{}) {
	interval := sampleInterval
	next := time.NewTimer(interval)
	defer next.Stop()
	for {
		select {
		case <-quit:
			s.take() // the last progress, even if the process has ended
			return
		case <-next.C:
			s.take()
			if len(s.samples) == maxSamples {
				for i := range maxSamples / 2 {
					s.samples[i] = s.samples[2*i]
				}
				s.samples, interval = s.samples[:maxSamples/2], 2*interval
			}
			next.Reset(interval)
		}
	}
}

func (s *sampler) take() {
	m := report.Sample{Memory: Resident(s.pid)}
	updated := s.progress != nil && s.progress(&m)
	if updated || m.Memory > 0 {
		m.Seconds = time.Since(s.start).Seconds()
		s.samples = append(s.samples, m)
	}
}
