package cli

import (
	"context"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/mailhaul/mailhaul/bench"
	"github.com/mailhaul/mailhaul/bench/nowhere"
	"github.com/mailhaul/mailhaul/bench/report"
	"github.com/mailhaul/mailhaul/graph"
	"github.com/mailhaul/mailhaul/internal/cli/internal/flags"
	"github.com/mailhaul/mailhaul/internal/cli/internal/observe"
	"github.com/mailhaul/mailhaul/manifest"
	"github.com/mailhaul/mailhaul/pipeline"
)

// benchUserFlags are the flags of a measurement of a tenant's mailbox.
type benchUserFlags struct {
	user, mailbox string
	duration      time.Duration
	plan          bench.Plan
	bandwidth     string
	graph         graphFlags
}

func (f *benchUserFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.user, "user", "", "measure the mailbox of a user: principal name or id (`UPN`)")
	flags.StringVar(&f.mailbox, "mailbox", "", "measure the mailbox of this `ID`")
	flags.DurationVar(&f.duration, "for", 2*time.Minute, "how long to measure the mailbox")
	flags.IntVar(&f.plan.Mailboxes, "mailboxes", 0, "estimate the time for this `NUMBER` of mailboxes")
	flags.Float64Var(&f.plan.Gigabytes, "gigabytes", 10, "`NUMBER` of GB in each of them")
	flags.IntVar(&f.plan.Machines, "machines", 1, "`NUMBER` of machines like this one")
	flags.StringVar(&f.bandwidth, "bandwidth", "", "`RATE` that each machine can upload, such as 100MB/s")
	f.graph.add(cmd)
}

// given reports whether the flags name a mailbox.
func (f *benchUserFlags) given() bool { return f.user != "" || f.mailbox != "" }

func (f *benchUserFlags) check() (err error) {
	switch {
	case f.user != "" && f.mailbox != "":
		return usagef("--user and --mailbox both name the mailbox: give one of them")
	case f.duration <= 0:
		return usagef("--for must be positive, such as 2m")
	case f.plan.Mailboxes < 0 || f.plan.Machines < 1 || !(f.plan.Gigabytes > 0 && f.plan.Gigabytes < 1e6):
		return usagef("--mailboxes must not be negative, --machines at least 1, and --gigabytes between 0 and a million")
	}
	if f.bandwidth != "" {
		if f.plan.Bandwidth, err = flags.ParseSize("--bandwidth", strings.TrimSuffix(f.bandwidth, "/s")); err != nil {
			return usageError{err}
		}
	}
	return nil
}

// benchUser measures a mailbox and prints the report, also if the user interrupted it.
func (a *app) benchUser(ctx context.Context, f benchFlags) error {
	if err := f.user.check(); err != nil {
		return err
	}
	tidy, err := f.out.prepare()
	if err != nil {
		return err
	}
	defer tidy()
	r, err := a.measureUser(ctx, &f.user, f.opts.Repo)
	if r != nil {
		err = errors.Join(err, a.printBench(f.out, r))
	}
	return err
}

// measureUser measures the export of a real mailbox. If the user interrupts it, there is a report
// and an error.
func (a *app) measureUser(ctx context.Context, f *benchUserFlags, repo string) (*report.Report, error) {
	client, err := f.graph.open(true)
	if err != nil {
		return nil, err
	}
	defer client.Close()
	mailbox, err := findMailbox(ctx, client, f)
	if err != nil {
		return nil, err
	}
	opts := bench.ProbeOptions{
		Source: client.Open(mailbox.ID), Mailbox: mailbox, Graph: manifest.Graph{Version: graphVersion(f.graph.url)},
		For: f.duration, Plan: f.plan,
		Run:     pipeline.Options{Exporters: f.graph.inFlight, Logger: a.log},
		Version: version().release(), CommandLine: benchCommandLine(os.Args),
	}
	if repo == "" {
		repo = nowhere.URL
	}
	opts.URL = repo
	defer tidyDir(localDir(repo))()
	if opts.Bucket, err = openBucket(ctx, repo); err != nil {
		return nil, configError(err)
	}
	exports := observe.NewExports(1)
	progress, end := exports.Begin(pipeline.Job{Source: opts.Source, Mailbox: mailbox})
	opts.Run.Progress = progress
	show := a.startProgress(exports.State)
	r, err := bench.Probe(ctx, opts)
	end()
	show.Stop()
	if err == nil && ctx.Err() != nil {
		err = printed(context.Canceled)
	}
	return r, err
}

// findMailbox returns the mailbox that the flags name.
func findMailbox(ctx context.Context, client *graph.Client, f *benchUserFlags) (manifest.Mailbox, error) {
	var named exportFlags
	if f.user != "" {
		named.users = []string{f.user}
	} else {
		named.mailboxes = []string{f.mailbox}
	}
	found, err := findMailboxes(ctx, client, named)
	if err != nil {
		return manifest.Mailbox{}, err
	}
	return found[0], nil
}

// localDir returns the directory that a URL or a path names; nothing if it names another store.
func localDir(repo string) string {
	if !strings.Contains(repo, "://") {
		return repo
	}
	u, err := url.Parse(repo)
	if err != nil || u.Scheme != "file" {
		return ""
	}
	path := filepath.FromSlash(strings.TrimPrefix(u.Path, "/"))
	if filepath.VolumeName(path) != "" {
		return path
	}
	return filepath.FromSlash(u.Path)
}

// tidyDir returns a function that removes a directory if it does not exist now and is empty then.
func tidyDir(dir string) (tidy func()) {
	if _, err := os.Stat(dir); dir == "" || err == nil {
		return func() {}
	}
	return func() { _ = os.Remove(dir) }
}
