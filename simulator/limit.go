package simulator

import (
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/mailhaul/mailhaul/simulator/internal/odata"
)

// limiter bounds the requests that a mailbox serves: at once, and in a window of time.
type limiter struct {
	mu      sync.Mutex
	serving int
	used    int       // requests in the window
	ends    time.Time // of the window
}

// limit is a limit that a request exceeds.
type limit int

const (
	noLimit limit = iota
	concurrencyLimit
	windowLimit
)

// acquire counts a request that is about to be served. If that exceeds a limit, it returns the
// limit and how long to wait.
func (l *limiter) acquire(opts *Options, now time.Time) (limit, time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !now.Before(l.ends) {
		l.used, l.ends = 0, now.Add(opts.RequestWindow)
	}
	switch {
	case opts.Concurrency >= 0 && l.serving >= opts.Concurrency:
		return concurrencyLimit, opts.RetryAfter
	case opts.RequestLimit > 0 && l.used >= opts.RequestLimit:
		return windowLimit, l.ends.Sub(now)
	}
	l.serving++
	l.used++
	return noLimit, 0
}

// release counts a request that has been served.
func (l *limiter) release() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.serving--
}

// throttled is the answer to a request that exceeds a limit.
func throttled(opts *Options, now time.Time, reached limit, wait time.Duration) error {
	e := &odata.Error{Status: http.StatusTooManyRequests, Code: "ApplicationThrottled"}
	switch reached {
	case concurrencyLimit:
		e.Message, e.Bare = "Application is over its MailboxConcurrency limit.", true
		if opts.BusyAs503 {
			e.Status = http.StatusServiceUnavailable
		}
	case windowLimit:
		e.Message = "Application is over its Requests limit."
	}
	switch {
	case opts.RetryAfter < 0:
	case opts.RetryAfterDate:
		e.Header = append(e.Header, [2]string{"Retry-After", now.Add(wait + time.Second - 1).Format(http.TimeFormat)})
	default:
		e.Header = append(e.Header, [2]string{"Retry-After", wholeSeconds(wait)})
	}
	return e
}

// wholeSeconds returns a time in whole seconds, rounded up.
func wholeSeconds(d time.Duration) string {
	return strconv.FormatInt(int64((d+time.Second-1)/time.Second), 10)
}
