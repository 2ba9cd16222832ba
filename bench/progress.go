package bench

import (
	"os"
	"sync"
	"time"

	"github.com/mailhaul/mailhaul/bench/internal/machine"
	"github.com/mailhaul/mailhaul/bench/report"
	"github.com/mailhaul/mailhaul/pipeline"
)

const (
	sampleInterval = 100 * time.Millisecond
	maxSamples     = 1000 // the interval doubles when there are as many
)

// A sampler samples this process and the progress of its export.
type sampler struct {
	started  time.Time
	progress *pipeline.Progress
	quit     chan struct{}
	once     sync.Once
	running  sync.WaitGroup
	samples  []report.Sample
}

func startSampler(started time.Time, progress *pipeline.Progress) *sampler {
	s := &sampler{started: started, progress: progress, quit: make(chan struct{})}
	s.running.Go(s.run)
	return s
}

func (s *sampler) run() {
	interval := sampleInterval
	next := time.NewTimer(interval)
	defer next.Stop()
	s.sample()
	for {
		select {
		case <-s.quit:
			s.sample()
			return
		case <-next.C:
			s.sample()
			if len(s.samples) == maxSamples {
				s.samples, interval = everyOther(s.samples), 2*interval
			}
			next.Reset(interval)
		}
	}
}

func (s *sampler) sample() {
	s.samples = append(s.samples, report.Sample{
		Seconds: time.Since(s.started).Seconds(), Memory: machine.Resident(os.Getpid()),
		Items: s.progress.Exported.Load(), Bytes: s.progress.Arrived.Load(),
	})
}

// everyOther removes every other sample in place.
func everyOther(samples []report.Sample) []report.Sample {
	kept := samples[:0]
	for i := 0; i < len(samples); i += 2 {
		kept = append(kept, samples[i])
	}
	return kept
}

// stop takes the last sample and returns all. It may be called more than once.
func (s *sampler) stop() []report.Sample {
	s.once.Do(func() { close(s.quit) })
	s.running.Wait()
	return s.samples
}

// peakMemory returns the most bytes of memory that this process has had.
func peakMemory(samples []report.Sample) int64 {
	peak := machine.OwnPeak()
	if peak > 0 {
		return peak
	}
	for _, s := range samples {
		peak = max(peak, s.Memory)
	}
	return peak
}
