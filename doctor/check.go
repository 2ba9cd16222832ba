package doctor

import (
	"cmp"
	"context"
	"fmt"
)

// A Status is the outcome of a check.
type Status string

// The outcomes. With a note an export works, but there is something to know.
const (
	OK      Status = "ok"
	Note    Status = "note"
	Failed  Status = "failed"
	Skipped Status = "skipped" // an earlier check failed, or the store does not support this one
)

// A Result is what one check found.
type Result struct {
	Part   string `json:"part"`             // "store" or "graph"
	Check  string `json:"check"`            // the check's name, unique within its part
	Proves string `json:"-"`                // what holds if the status is OK, as a sentence without its full stop
	Status Status `json:"status"`           //
	Seen   string `json:"seen,omitempty"`   // what the check saw
	Remedy string `json:"remedy,omitempty"` // what to do about it
}

// A check is one thing that an export needs.
type check struct {
	name   string
	proves string
	needs  []string // names of earlier checks; if one of them failed or was skipped, so is this one
	run    func(context.Context) outcome
}

// An outcome is the part of a Result that depends on the run.
type outcome struct {
	status       Status
	seen, remedy string
}

func passed(format string, args ...any) outcome {
	return outcome{status: OK, seen: fmt.Sprintf(format, args...)}
}

func skipped(format string, args ...any) outcome {
	return outcome{status: Skipped, seen: fmt.Sprintf(format, args...)}
}

// noted returns an outcome with which an export works. The remedy may be empty.
func noted(seen, remedy string) outcome { return outcome{Note, seen, remedy} }

// An examination runs the checks of one part.
type examination struct {
	part   string
	remedy func(error) string
	done   map[string]Status // by the check's name
}

// newExamination takes the caller's remedies, or the default ones.
func newExamination(part string, remedy, byDefault func(error) string) *examination {
	if remedy == nil {
		remedy = byDefault
	}
	return &examination{part, remedy, map[string]Status{}}
}

// failed returns the outcome of an error. The error's own remedy is better than the check's,
// which has to suit every error.
func (x *examination) failed(err error, remedy string) outcome {
	return outcome{Failed, err.Error(), cmp.Or(x.remedy(err), remedy)}
}

// run runs a check, unless one that it needs did not succeed.
func (x *examination) run(ctx context.Context, c check) Result {
	o := x.missing(ctx, c)
	if o.status == "" {
		o = c.run(ctx)
	}
	x.done[c.name] = o.status
	return Result{Part: x.part, Check: c.name, Proves: c.proves, Status: o.status, Seen: o.seen, Remedy: o.remedy}
}

// missing returns why a check cannot run, or a zero outcome.
func (x *examination) missing(ctx context.Context, c check) outcome {
	for _, need := range c.needs {
		if s := x.done[need]; s != OK && s != Note {
			return skipped("it needs %q", need)
		}
	}
	if ctx.Err() != nil {
		return skipped("interrupted")
	}
	return outcome{}
}
