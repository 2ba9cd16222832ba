package simulator

import (
	"net/http"
	"strconv"
	"sync"
	"time"
)

// limiter bounds the requests that a mailbox serves: at once, and in a window of time.
type limiter struct {
	mu   sync.Mutex
	now  int       // requests that are being served
	used int       // requests in the window
	ends time.Time // when the window does
}

// limitReached says which limit a request is beyond.
type limitReached int

const (
	withinLimits limitReached = iota
	concurrencyReached
	windowReached
)

// acquire takes a place. If there is none it says why, and when there may be one.
func (l *limiter) acquire(opts *Options, now time.Time) (limitReached, time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !now.Before(l.ends) {
		l.used, l.ends = 0, now.Add(opts.RequestWindow)
	}
	switch {
	case opts.Concurrency >= 0 && l.now >= opts.Concurrency:
		return concurrencyReached, opts.RetryAfter
	case opts.RequestLimit > 0 && l.used >= opts.RequestLimit:
		return windowReached, l.ends.Sub(now)
	}
	l.now++
	l.used++
	return withinLimits, 0
}

func (l *limiter) release() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.now--
}

// throttle is the answer to a request beyond a limit.
func (c *call) throttle(why limitReached, wait time.Duration) error {
	opts := &c.server.opts
	e := &apiError{status: http.StatusTooManyRequests, code: "ApplicationThrottled"}
	switch why {
	case concurrencyReached:
		e.message, e.bare = "Application is over its MailboxConcurrency limit.", true
		if opts.BusyAs503 {
			e.status = http.StatusServiceUnavailable
		}
	case windowReached:
		e.message = "Application is over its Requests limit."
	}
	switch {
	case opts.RetryAfter < 0:
	case opts.RetryAfterDate:
		e.headers = append(e.headers, [2]string{"Retry-After", c.started.Add(wait + time.Second - 1).Format(http.TimeFormat)})
	default:
		e.headers = append(e.headers, [2]string{"Retry-After", wholeSeconds(wait)})
	}
	return e
}

// wholeSeconds is a time in whole seconds, rounded up.
func wholeSeconds(d time.Duration) string {
	return strconv.FormatInt(int64((d+time.Second-1)/time.Second), 10)
}
