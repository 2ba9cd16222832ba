package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/mailhaul/mailhaul/internal/cli/internal/text"
	"github.com/mailhaul/mailhaul/manifest"
	"github.com/mailhaul/mailhaul/pipeline"
	"github.com/mailhaul/mailhaul/repository"
	"github.com/mailhaul/mailhaul/snapshots"
)

var (
	errNoGap      = errors.New("the last snapshot has no such gap")
	errUnfinished = errors.New("the last export did not finish: it may not have reached all items")
	errNoAck      = errors.New("no such acknowledgement")
)

// gaps returns the gaps of the last snapshot that the flags name.
func (f *acknowledgeFlags) gaps(ctx context.Context, repo *repository.Repository, now time.Time) ([]manifest.Ack, error) {
	s, err := snapshots.Latest(ctx, repo, f.mailbox)
	if err != nil {
		return nil, err
	}
	c := snapshots.CoverageOf(s.Snapshot)
	if !c.Through {
		return nil, fmt.Errorf("mailbox %s, snapshot %d: %w", f.mailbox, s.Sequence, errUnfinished)
	}
	if !f.all {
		return f.named(s, &c)
	}
	acks, err := snapshots.LoadAcks(ctx, repo, f.mailbox)
	if err != nil {
		return nil, err
	}
	c.Acknowledge(acks, now)
	return c.Unacknowledged(), nil
}

// named returns the gaps of the folders and items that the flags name, acknowledged or not.
func (f *acknowledgeFlags) named(s *snapshots.Snapshot, c *snapshots.Coverage) ([]manifest.Ack, error) {
	var named []manifest.Ack
	for _, path := range f.folders {
		found, err := f.folderGaps(s, c.Unacknowledged(), path)
		if err != nil {
			return nil, err
		}
		named = append(named, found...)
	}
	for _, id := range f.items {
		found := slices.IndexFunc(c.Failures, func(x snapshots.Failure) bool { return x.ID == id })
		if found < 0 {
			return nil, fmt.Errorf("item %s: %w", id, errNoGap)
		}
		named = append(named, c.Failures[found].Ack())
	}
	return named, nil
}

// folderGaps returns the gaps of the folders with a path. Paths need not be unique.
func (f *acknowledgeFlags) folderGaps(s *snapshots.Snapshot, all []manifest.Ack, path string) ([]manifest.Ack, error) {
	folders := map[string]bool{}
	for i := range s.Folders {
		if x := &s.Folders[i]; x.ID == path || strings.EqualFold(pipeline.FormatPath(x.Path), path) ||
			x.WellKnownName != "" && strings.EqualFold(x.WellKnownName, path) {
			folders[x.ID] = true
		}
	}
	if len(folders) == 0 {
		return nil, fmt.Errorf("folder %s: %w", path, pipeline.ErrNoFolder)
	}
	var found []manifest.Ack
	for _, gap := range all {
		if gap.Kind == manifest.AckFailed || !folders[gap.Folder] || f.missing > 0 && gap.Kind != manifest.AckShort {
			continue
		}
		if f.missing > 0 && f.missing < gap.Missing {
			return nil, usagef("--missing %d is less than the %d items missing from %s now", f.missing, gap.Missing, path)
		}
		gap.Missing = max(gap.Missing, f.missing)
		found = append(found, gap)
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("folder %s: %w", path, errNoGap)
	}
	return found, nil
}

// printAckCommand shows how to acknowledge the open gaps of a mailbox's last snapshot.
func (a *app) printAckCommand(r *mailboxReport, repo string) {
	open := r.last().Unacknowledged()
	if len(open) == 0 || !r.last().Through {
		return
	}
	command := "mailhaul acknowledge"
	if repo != os.Getenv("MAILHAUL_REPO") {
		command += " --repo " + text.ShellQuote(repo)
	}
	command += " --mailbox " + text.ShellQuote(r.Mailbox.ID)
	a.line("next", "if the gaps are known, acknowledge them, so that exit code 3 means a new one:")
	fmt.Fprintf(a.out, "  %s %s --reason TEXT\n", command, gapFlag(open))
}

// gapFlag returns the flag of acknowledge that names the gaps.
func gapFlag(gaps []manifest.Ack) string {
	gap := &gaps[0]
	path := pipeline.FormatPath(gap.Path)
	switch {
	case len(gaps) > 1:
		return "--all-current"
	case gap.Kind == manifest.AckFailed:
		return "--item " + text.ShellQuote(gap.Item)
	case text.Printable(path) != path:
		return "--folder " + text.ShellQuote(gap.Folder)
	}
	return "--folder " + text.ShellQuote(path)
}
