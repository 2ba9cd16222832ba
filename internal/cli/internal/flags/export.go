package flags

import (
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"github.com/mailhaul/mailhaul/pipeline"
)

// A Selection has the flags that select the folders and items of an export.
type Selection struct {
	folders, exclude         []string
	types                    []string
	since, before            string
	noHidden, noRecoverables bool
}

// Add adds the flags to a command.
func (f *Selection) Add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringArrayVar(&f.folders, "folder", nil,
		`only this folder and its subfolders: its `+"`PATH`"+` from the top, with \/ for a slash in a name, * and ? within names and ** for any folders; or a well-known name such as inbox; may be repeated`)
	flags.StringArrayVar(&f.exclude, "exclude", nil, "leave out this folder and its subfolders: a `PATH` as for --folder; may be repeated")
	flags.StringArrayVar(&f.types, "type", nil, "only items whose message `CLASS` matches, such as IPM.Note or 'IPM.Schedule.*'; may be repeated")
	flags.StringVar(&f.since, "since", "", "only items created at or after this `TIME` (2026-01-31 or RFC 3339)")
	flags.StringVar(&f.before, "before", "", "only items created before this `TIME`")
	flags.BoolVar(&f.noHidden, "no-hidden", false, "leave out hidden folders")
	flags.BoolVar(&f.noRecoverables, "no-recoverable-items", false, "leave out the Recoverable Items")
}

// Options returns the values of the flags.
func (f *Selection) Options() (s pipeline.Selection, err error) {
	s = pipeline.Selection{Types: f.types, NoHidden: f.noHidden, NoRecoverable: f.noRecoverables}
	if s.Folders, err = parsePaths(f.folders); err != nil {
		return s, err
	}
	if s.Exclude, err = parsePaths(f.exclude); err != nil {
		return s, err
	}
	if s.Since, err = ParseTime("--since", f.since); err != nil {
		return s, err
	}
	if s.Before, err = ParseTime("--before", f.before); err != nil {
		return s, err
	}
	if !s.Since.IsZero() && !s.Before.IsZero() && !s.Since.Before(s.Before) {
		return s, fmt.Errorf("--since %s is not before --before %s: nothing is selected", f.since, f.before)
	}
	return s, nil
}

func parsePaths(texts []string) (paths [][]string, err error) {
	for _, text := range texts {
		p, err := pipeline.ParsePath(text)
		if err != nil {
			return nil, err
		}
		paths = append(paths, p)
	}
	return paths, nil
}

// ParseTime parses a day, which stands for midnight UTC, or a time.
func ParseTime(flag, text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if t, err := time.Parse(layout, text); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("%s %q is neither a day such as 2026-01-31 nor a time such as 2026-01-31T08:00:00Z", flag, text)
}

// A Run has the flags that configure the runs of an export.
type Run struct {
	NoProperties       bool
	full, retryFailed  bool
	checkpointInterval time.Duration
	checkpointSize     string
}

// Add adds the flags to a command.
func (f *Run) Add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.BoolVar(&f.full, "full", false, "list the whole mailbox again; held items are not exported again")
	flags.BoolVar(&f.retryFailed, "retry-failed", false, "also retry items that failed in ten consecutive exports")
	flags.BoolVar(&f.NoProperties, "no-properties", false, "do not request subjects, senders and other properties that identify items for people")
	flags.DurationVar(&f.checkpointInterval, "checkpoint-interval", 5*time.Minute, "commit a partial snapshot after this `TIME`")
	flags.StringVar(&f.checkpointSize, "checkpoint-size", "2GiB", "commit a partial snapshot after this many `BYTES` of items")
}

// Options returns the values of the flags.
func (f *Run) Options() (pipeline.Options, error) {
	bytes, err := ParseSize("--checkpoint-size", f.checkpointSize)
	if err != nil {
		return pipeline.Options{}, err
	}
	if f.checkpointInterval <= 0 {
		return pipeline.Options{}, errors.New("--checkpoint-interval must be above zero")
	}
	return pipeline.Options{
		Full: f.full, RetryFailed: f.retryFailed, NoProperties: f.NoProperties,
		CheckpointInterval: f.checkpointInterval, CheckpointBytes: bytes,
	}, nil
}

// ParseSize parses a number of bytes, such as 20MiB.
func ParseSize(flag, text string) (int64, error) {
	n, err := humanize.ParseBytes(text)
	if err != nil || n == 0 || n > math.MaxInt64 {
		return 0, fmt.Errorf("%s %q is not a number of bytes, such as 20MiB", flag, text)
	}
	return int64(n), nil
}
