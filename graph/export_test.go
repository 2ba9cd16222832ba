package graph

import "time"

// Limiters returns how many mailboxes have a limiter.
func Limiters(c *Client) int {
	c.limiters.mu.Lock()
	defer c.limiters.mu.Unlock()
	return len(c.limiters.of)
}

// Backoff is the pause after so many attempts.
func Backoff(c *Client, attempt int) time.Duration { return c.backoff(attempt) }

// ParseTime reads a time of a listing.
var ParseTime = parseTime

// RetryAfter reads a Retry-After header.
var RetryAfter = retryAfter

// MaxBarePages is after how many failed pages no extended properties are requested.
const MaxBarePages = maxBarePages
