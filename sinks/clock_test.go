package sinks_test

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mailhaul/mailhaul/sinks"
)

// TestClock: the time that an answer tells is compared with the middle of its request.
func TestClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, ahead := range []time.Duration{0, time.Second, -20 * time.Minute, 48 * time.Hour} {
			var c sinks.Clock
			if _, told := c.Skew(); told {
				t.Error("it tells before it can know")
			}
			c.Observe(time.Now(), &http.Response{Header: http.Header{"Date": {"soon"}}})
			if _, told := c.Skew(); told {
				t.Error("it learned from what is no date")
			}
			sent := time.Now()
			time.Sleep(4 * time.Second)
			date := sent.Add(2*time.Second + ahead).UTC().Format(http.TimeFormat)
			c.Observe(sent, &http.Response{Header: http.Header{"Date": {date}}})
			if skew, told := c.Skew(); !told || (skew-ahead).Abs() > time.Second {
				t.Errorf("%v ahead: %v, %t", ahead, skew, told)
			}
		}
	})
}
