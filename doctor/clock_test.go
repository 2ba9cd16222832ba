package doctor_test

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mailhaul/mailhaul/doctor"
)

// TestClock compares the date of an answer with the middle of its request.
func TestClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, ahead := range []time.Duration{0, time.Second, -20 * time.Minute, 48 * time.Hour} {
			var c doctor.Clock
			if _, known := doctor.ReadClock(&c); known {
				t.Error("the skew is known before any answer")
			}
			doctor.ObserveClock(&c, time.Now(), &http.Response{Header: http.Header{"Date": {"soon"}}})
			if _, known := doctor.ReadClock(&c); known {
				t.Error("the skew is known from a malformed date")
			}
			sent := time.Now()
			time.Sleep(4 * time.Second)
			date := sent.Add(2*time.Second + ahead).UTC().Format(http.TimeFormat)
			doctor.ObserveClock(&c, sent, &http.Response{Header: http.Header{"Date": {date}}})
			if skew, known := doctor.ReadClock(&c); !known || (skew-ahead).Abs() > time.Second {
				t.Errorf("%v ahead: %v, %t", ahead, skew, known)
			}
		}
	})
}
