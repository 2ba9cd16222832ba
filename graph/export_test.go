package graph

// Limiters returns how many mailboxes have a limiter.
func Limiters(c *Client) int {
	c.limiters.mu.Lock()
	defer c.limiters.mu.Unlock()
	return len(c.limiters.of)
}

// RetryAfter reads a Retry-After header.
var RetryAfter = retryAfter
