package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/mailhaul/mailhaul/internal/cli/internal/observe"
	"github.com/mailhaul/mailhaul/pipeline"
	"github.com/mailhaul/mailhaul/replicate"
	"github.com/mailhaul/mailhaul/repository"
	"github.com/mailhaul/mailhaul/sinks"
	"github.com/mailhaul/mailhaul/snapshots"
)

type copyFlags struct {
	from, to string
	mailbox  string
	json     bool
}

func (a *app) copyCommand() *cobra.Command {
	var f copyFlags
	cmd := &cobra.Command{
		Use:   "copy --from URL --to URL",
		Short: "Copy a repository, or one mailbox's snapshots, to another place",
		Long: `Copy brings the snapshots that the target does not hold there, each with the packs and
segments that it needs, and its ref last: what is in the target is whole at any moment.
Every object is held against its digest on the way. Acknowledgements of gaps are copied too.
A target without a repository gets one.

A copy that was cut off goes on when it is run again. What is damaged in the source is
named; it is left out with what depends on it, and all else is copied. A mailbox that
was exported to the target itself has gone another way there: nothing is copied of it.

Store options are of the target. Those of the source stand in its URL.

Exit code 0: all is in the target; 1: it is not.`,
		Example: `  mailhaul copy --from s3://archive/mail --to s3://second-site/mail
  mailhaul copy --from ./mail --to /mnt/usb/mail --mailbox 'MBX:e0643f21@a7809c93' --json`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.copy(cmd.Context(), f) },
	}
	flags := cmd.Flags()
	flags.StringVar(&f.from, "from", envOr("MAILHAUL_REPO", ""), "`URL` or path of the repository to copy (env MAILHAUL_REPO)")
	flags.StringVar(&f.to, "to", "", "`URL` or path of the repository to copy to")
	reachFlags(cmd, &f.to)
	writeFlags(cmd)
	mailboxFlag(cmd, &f.mailbox, "only this mailbox's snapshots (`ID`)")
	jsonFlag(cmd, &f.json, "print one JSON object on stdout")
	return cmd
}

func (a *app) copy(ctx context.Context, f copyFlags) error {
	switch {
	case f.from == "":
		return usagef("where from? give --from URL or set MAILHAUL_REPO")
	case f.to == "":
		return usagef("where to? give --to URL")
	}
	from, to, err := a.openBoth(ctx, f)
	if err != nil {
		return err
	}
	defer from.Close()
	defer to.Close()
	opts := replicate.Options{Progress: &replicate.Progress{}}
	if f.mailbox != "" {
		opts.Mailboxes = []string{f.mailbox}
	}
	defer a.measure(observe.CopyCollector(opts.Progress))()
	show := a.startProgress(observe.CopyState(opts.Progress))
	report, err := replicate.Copy(ctx, from, to, opts)
	show.Stop()
	if f.json {
		err = errors.Join(err, a.printJSON(report))
	} else {
		a.printCopy(report)
	}
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("copy: %w", pipeline.ErrInterrupted)
	case err != nil:
		return fmt.Errorf("copy: %w", err)
	case report.Found > 0:
		return errNotCopied
	}
	return nil
}

// openBoth opens both repositories of a copy. The target is created last, when there is something to
// copy to it.
func (a *app) openBoth(ctx context.Context, f copyFlags) (from, to *repository.Repository, err error) {
	source, err := a.openRepository(ctx, f.from)
	if errors.Is(err, repository.ErrNoRepository) {
		return nil, nil, fmt.Errorf("%w: %w", errNoSource, err)
	}
	if err != nil {
		return nil, nil, err
	}
	if err = f.check(ctx, source); err == nil {
		to, err = a.createRepository(ctx, f.to)
	}
	if err != nil {
		return nil, nil, errors.Join(err, source.Close())
	}
	return source, to, nil
}

// check refuses a mailbox that is not there, and to copy a repository to itself.
func (f *copyFlags) check(ctx context.Context, from *repository.Repository) error {
	if f.mailbox != "" {
		refs, err := from.Refs(ctx, f.mailbox)
		var damaged *repository.CorruptError // which is for the copy to tell
		if err != nil && !errors.As(err, &damaged) {
			return err
		}
		if err == nil && len(refs) == 0 {
			return fmt.Errorf("mailbox %s: %w", f.mailbox, snapshots.ErrNone)
		}
	}
	ours, err := configOf(ctx, f.from)
	if err != nil {
		return err
	}
	theirs, err := configOf(ctx, f.to)
	if repository.IsNotFound(err) || errors.Is(err, repository.ErrNoRepository) {
		return nil
	}
	if err == nil && bytes.Equal(ours, theirs) {
		return usagef("--from and --to are one repository, or one was made of the other's files: they have the same config.json")
	}
	return err
}

// configOf returns what a repository says of itself: no two have the same id.
func configOf(ctx context.Context, url string) ([]byte, error) {
	bucket, err := sinks.OpenExisting(ctx, url)
	if err != nil {
		return nil, configError(err)
	}
	defer bucket.Close()
	body, err := bucket.NewRangeReader(ctx, "config.json", 0, 64<<10, nil)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	return io.ReadAll(body)
}
