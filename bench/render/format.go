package render

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/dustin/go-humanize"

	"github.com/mailhaul/mailhaul/bench/report"
)

const (
	mb  = 1e6
	mib = 1 << 20
)

// none replaces a figure that was not measured.
const none = "–"

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

// number formats a figure with three significant digits, and as a whole number from 100 on.
func number(v float64) string {
	switch a := math.Abs(v); {
	case !finite(v):
		return none
	case a >= 1000 && a < 1e15:
		return humanize.Comma(int64(math.Round(v)))
	case a >= 99.95:
		return strconv.FormatFloat(v, 'f', 0, 64)
	case a >= 9.995:
		return strconv.FormatFloat(v, 'f', 1, 64)
	case a >= 0.0095 || a == 0:
		return strconv.FormatFloat(v, 'f', 2, 64)
	}
	return strconv.FormatFloat(v, 'g', 2, 64)
}

// tick formats a round number.
func tick(v float64) string {
	if math.Abs(v) >= 1000 && math.Abs(v) < 1e15 {
		return humanize.Comma(int64(math.Round(v)))
	}
	return strconv.FormatFloat(v, 'g', 6, 64)
}

// spread formats the median in a unit and, if they differ, the minimum and the maximum.
func spread(s report.Spread, unit float64) string {
	median, low, high := number(s.Median/unit), number(s.Min/unit), number(s.Max/unit)
	if low == median && high == median || !finite(s.Median) {
		return median
	}
	return fmt.Sprintf("%s (%s to %s)", median, low, high)
}

func count(n int64) string { return humanize.Comma(n) }

// several formats a number of things.
func several(n int64, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return count(n) + " " + thing + "s"
}

func percent(share float64) string {
	if !finite(share) {
		return none
	}
	return fmt.Sprintf("%.0f %%", 100*share)
}

// size formats bytes, in powers of ten.
func size(n float64) string {
	if !finite(n) || n < 0 || n >= 1e19 {
		return none
	}
	return humanize.Bytes(uint64(n))
}

// seconds formats a duration.
func seconds(s float64) string {
	switch {
	case !finite(s) || s < 0 || s > 1e10:
		return none
	case s == 0:
		return "0 s"
	case s < 0.001:
		return number(s*1e6) + " µs"
	case s < 1:
		return number(s*1e3) + " ms"
	case s < 120:
		return number(s) + " s"
	case s < 2*3600:
		return fmt.Sprintf("%.0f min", s/60)
	case s < 3*86400:
		return number(s/3600) + " h"
	}
	return number(s/86400) + " days"
}

func day(t time.Time) string {
	if t.IsZero() {
		return none
	}
	return t.UTC().Format("2006-01-02 15:04 UTC")
}

// plain makes a name safe for a line of text: nothing in it moves the cursor, breaks the line or
// changes the direction of writing.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case !unicode.IsPrint(r):
			return '\uFFFD'
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
}

// upper capitalizes a title, unless it starts with mailhaul.
func upper(s string) string {
	if s == "" || strings.HasPrefix(s, report.Mailhaul) {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
