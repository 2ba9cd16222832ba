package bench

import (
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/mailhaul/mailhaul/pipeline"
)

// maxSamples bounds what a watch keeps: a long run is sampled less often.
const maxSamples = 1000

// A watch samples this process and how an export in it goes.
type watch struct {
	start    time.Time
	progress *pipeline.Progress
	quit     chan struct{}
	once     sync.Once
	done     sync.WaitGroup
	seen     []Sample
}

func startWatch(start time.Time, progress *pipeline.Progress) *watch {
	w := &watch{start: start, progress: progress, quit: make(chan struct{})}
	w.done.Go(w.run)
	return w
}

func (w *watch) run() {
	every := sampleEvery
	next := time.NewTimer(every)
	defer next.Stop()
	w.sample()
	for {
		select {
		case <-w.quit:
			w.sample()
			return
		case <-next.C:
			w.sample()
			if len(w.seen) == maxSamples {
				w.seen, every = everyOther(w.seen), 2*every
			}
			next.Reset(every)
		}
	}
}

func (w *watch) sample() {
	memory, _ := resident(os.Getpid()) // 0 where the system does not tell
	w.seen = append(w.seen, Sample{
		Seconds: time.Since(w.start).Seconds(), Memory: memory,
		Items: w.progress.Exported.Load(), Bytes: w.progress.Arrived.Load(),
	})
}

// everyOther thins samples out.
func everyOther(s []Sample) []Sample {
	kept := s[:0]
	for i := 0; i < len(s); i += 2 {
		kept = append(kept, s[i])
	}
	return kept
}

// stop ends the watch. It may be called more than once.
func (w *watch) stop() {
	w.once.Do(func() { close(w.quit) })
	w.done.Wait()
}

// samples ends the watch and returns what it saw.
func (w *watch) samples() []Sample {
	w.stop()
	return w.seen
}

// peakOfSelf is the most memory that this process has had; of samples, where the system does not tell.
func peakOfSelf(samples []Sample) int64 {
	if kib, _, ok := strings.Cut(field("/proc/self/status", "VmHWM"), " "); ok {
		if n, err := strconv.ParseInt(kib, 10, 64); err == nil {
			return n << 10
		}
	}
	peak := int64(0)
	for _, s := range samples {
		peak = max(peak, s.Memory)
	}
	return peak
}
