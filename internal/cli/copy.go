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
		Short: "Copy a repository, or one mailbox's snapshots",
		Long: `Copy copies the snapshots that the target does not hold, each with its packs and
segments first and its ref last, so that every snapshot in the target is
complete at any moment. It checks the digest of every object, copies
acknowledgements too, and creates the target if there is no repository.

A copy that was interrupted continues when it is run again. Damaged objects of
the source are reported, and everything that does not depend on them is copied.
A mailbox that was exported to the target directly has diverged, and is not
copied.

Store options apply to the target. Give those of the source in its URL.

Exit codes: 0 the target holds everything; 1 it does not; 2 wrong usage;
130 interrupted.`,
		Example: `  mailhaul copy --from s3://archive/mail --to s3://second-site/mail
  mailhaul copy --from ./mail --to /mnt/usb/mail \
    --mailbox 'MBX:e0643f21@a7809c93' --json`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.copy(cmd.Context(), f) },
	}
	flags := cmd.Flags()
	flags.StringVar(&f.from, "from", envOr("MAILHAUL_REPO", ""), "`URL` or path of the repository to copy (env MAILHAUL_REPO)")
	flags.StringVar(&f.to, "to", "", "`URL` or path of the repository to copy to")
	storeFlags(cmd, &f.to)
	mailboxFlag(cmd, &f.mailbox, "only the snapshots of the mailbox with this `ID`")
	jsonFlag(cmd, &f.json, "print one JSON object on stdout")
	return cmd
}

func (a *app) copy(ctx context.Context, f copyFlags) error {
	switch {
	case f.from == "":
		return usagef("where from? give --from URL, or set MAILHAUL_REPO")
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

// openBoth opens both repositories of a copy. It creates the target last, after it has checked the
// source.
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

// check rejects a mailbox that does not exist, and copying a repository to itself.
func (f *copyFlags) check(ctx context.Context, from *repository.Repository) error {
	if f.mailbox != "" {
		refs, err := from.Refs(ctx, f.mailbox)
		if _, damaged := errors.AsType[*repository.CorruptError](err); err != nil && !damaged { // the copy reports damage
			return err
		}
		if err == nil && len(refs) == 0 {
			return fmt.Errorf("mailbox %s: %w", f.mailbox, snapshots.ErrNone)
		}
	}
	source, err := configOf(ctx, f.from)
	if err != nil {
		return err
	}
	target, err := configOf(ctx, f.to)
	if repository.IsNotFound(err) || errors.Is(err, repository.ErrNoRepository) {
		return nil
	}
	if err == nil && bytes.Equal(source, target) {
		return usagef("--from and --to are one repository, or copies of its files: they have the same config.json")
	}
	return err
}

// configOf returns the configuration of a repository, which has a unique id.
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
