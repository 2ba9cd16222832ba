package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/mailhaul/mailhaul/sinks"
)

// A status is what a check of doctor came to.
type status string

const (
	statusOK      status = "ok"
	statusNote    status = "note" // an export works, and there is something to know
	statusFailed  status = "failed"
	statusSkipped status = "skipped"
)

// A finding is a check of doctor, and what it came to.
type finding struct {
	Part   string `json:"part"` // store or graph
	Check  string `json:"check"`
	Status status `json:"status"`
	Seen   string `json:"seen,omitempty"`
	Remedy string `json:"remedy,omitempty"`
}

// A result is what a check returns.
type result struct {
	status status
	seen   string
	remedy string
}

func fine(format string, args ...any) result {
	return result{status: statusOK, seen: fmt.Sprintf(format, args...)}
}

func skipped(format string, args ...any) result {
	return result{status: statusSkipped, seen: fmt.Sprintf(format, args...)}
}

// noted is what an export works with, and what one can do about it, if that is anything.
func noted(seen, remedy string) result { return result{statusNote, seen, remedy} }

// wrong is what an export fails with. A remedy that the error itself has is better than
// one that the check has for all.
func wrong(err error, remedy string) result {
	if h := hint(err); h != "" {
		remedy = h
	}
	return result{statusFailed, err.Error(), remedy}
}

// An examination runs checks one after the other, and shows each when it is done.
type examination struct {
	part     string
	findings []finding
	show     func(finding)
}

// check runs one, unless another of this part that it needs was not well.
func (x *examination) check(ctx context.Context, name string, needs []string, run func() result) {
	r := skipped("")
	if i := slices.IndexFunc(needs, func(need string) bool { return !x.well(need) }); i >= 0 {
		r = skipped("it needs %q", needs[i])
	} else if ctx.Err() != nil {
		r = skipped("interrupted")
	} else {
		r = run()
	}
	f := finding{Part: x.part, Check: name, Status: r.status, Seen: oneLine(r.seen), Remedy: r.remedy}
	x.findings = append(x.findings, f)
	x.show(f)
}

// well reports whether a check of this part lets others run.
func (x *examination) well(name string) bool {
	return slices.ContainsFunc(x.findings, func(f finding) bool {
		return f.Part == x.part && f.Check == name && (f.Status == statusOK || f.Status == statusNote)
	})
}

// count returns how many checks came to a status.
func (x *examination) count(s status) (n int) {
	for _, f := range x.findings {
		if f.Status == s {
			n++
		}
	}
	return n
}

// printFinding writes a row of the table, and under it what to do.
func (a *app) printFinding(f finding) {
	const indent = 33
	fmt.Fprintln(a.out, strings.TrimRight(fmt.Sprintf("%-23s %-8s %s", f.Check, f.Status, printable(f.Seen)), " "))
	if f.Remedy != "" {
		fmt.Fprintf(a.out, "%*s%s\n", indent, "", "→ "+printable(f.Remedy))
	}
}

// oneLine makes one line of a text, of bounded length.
func oneLine(text string) string {
	const most = 800
	text = strings.Join(strings.Fields(text), " ")
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "…"
	}
	return text
}

// clockResult judges how far a clock is ahead of this machine's.
func clockResult(clock *sinks.Clock) result {
	const (
		notable  = 5 // seconds, beyond what a slow answer can be
		critical = 5 * 60
	)
	skew, told := clock.Skew()
	if !told {
		return skipped("it does not tell the time")
	}
	seconds, direction := int(skew.Seconds()), "behind"
	if seconds < 0 {
		seconds, direction = -seconds, "ahead"
	}
	const remedy = "set this machine's clock, or let it follow a time server: requests are refused whose time is 15 minutes off, and tokens before that"
	switch {
	case seconds > critical:
		return result{statusFailed, fmt.Sprintf("this machine's clock is %d seconds %s", seconds, direction), remedy}
	case seconds > notable:
		return noted(fmt.Sprintf("this machine's clock is %d seconds %s", seconds, direction), remedy)
	}
	return fine("within %d seconds of this machine's", max(seconds, 1)+1)
}
