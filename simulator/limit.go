package simulator

import (
	"net/http"
	"strconv"
	"sync"
	"time"
)

// limiter bounds the requests that a mailbox serves at once.
type limiter struct {
	mu   sync.Mutex
	most int // negative: no bound
	now  int
}

func (l *limiter) acquire() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.most >= 0 && l.now >= l.most {
		return false
	}
	l.now++
	return true
}

func (l *limiter) release() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.now--
}

// tooMany is the answer to a request beyond what the mailbox serves at once.
func (c *call) tooMany() error {
	return &apiError{status: http.StatusTooManyRequests, code: "ApplicationThrottled", bare: true,
		message: "Application is over its MailboxConcurrency limit.", headers: [][2]string{{"Retry-After", wholeSeconds(c.server.opts.RetryAfter)}}}
}

// wholeSeconds is a time in whole seconds, rounded up.
func wholeSeconds(d time.Duration) string {
	return strconv.FormatInt(int64((d+time.Second-1)/time.Second), 10)
}
