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
	"github.com/mailhaul/mailhaul/internal/cli/internal/flags"
	"github.com/mailhaul/mailhaul/internal/cli/internal/observe"
	"github.com/mailhaul/mailhaul/manifest"
	"github.com/mailhaul/mailhaul/pipeline"
)

// benchUserFlags say which mailbox to measure, and what to estimate by it.
type benchUserFlags struct {
	user, mailbox string
	to            string
	how           time.Duration
	plan          bench.Plan
	bandwidth     string
	graph         graphFlags
}

func (f *benchUserFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.user, "user", "", "user principal name or id (`UPN`) whose mailbox to measure")
	flags.StringVar(&f.mailbox, "mailbox", "", "`ID` of a mailbox to measure")
	flags.StringVar(&f.to, "to", "", `"nowhere" measures Graph alone, as does leaving out --repo`)
	flags.DurationVar(&f.how, "for", 2*time.Minute, "how long to measure the mailbox")
	flags.IntVar(&f.plan.Mailboxes, "mailboxes", 0, "estimate how long so many mailboxes take (`NUMBER`)")
	flags.Float64Var(&f.plan.Gigabytes, "gigabytes", 10, "of so many GB each (`NUMBER`)")
	flags.IntVar(&f.plan.Machines, "machines", 1, "with so many machines like this one (`NUMBER`)")
	flags.StringVar(&f.bandwidth, "bandwidth", "", "bytes a second that the line and the store take, such as 100MB/s (`RATE`)")
	f.graph.add(cmd)
}

// wanted tells whether a mailbox is to be measured.
func (f *benchUserFlags) wanted() bool { return f.user != "" || f.mailbox != "" }

func (f *benchUserFlags) check(repo string) (err error) {
	switch {
	case f.user != "" && f.mailbox != "":
		return usagef("--user and --mailbox are two ways to name one mailbox: give one of them")
	case f.to != "" && f.to != "nowhere":
		return usagef(`--to can only be "nowhere"; a store is given by --repo`)
	case f.to != "" && repo != "":
		return usagef("--to nowhere stores nothing: leave out --repo")
	case f.how <= 0:
		return usagef("--for must be more than nothing, such as 2m")
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

// benchUser measures a mailbox and tells the report, of one that was interrupted too.
func (a *app) benchUser(ctx context.Context, f benchFlags) error {
	if err := f.user.check(f.opts.Repo); err != nil {
		return err
	}
	tidy, err := f.out.prepare()
	if err != nil {
		return err
	}
	defer tidy()
	report, err := a.measureUser(ctx, &f.user, f.opts.Repo)
	if report != nil {
		err = errors.Join(err, a.printBench(f.out, report))
	}
	return err
}

// measureUser measures the export of a real mailbox. Beside the report of one that was interrupted there is an error, which
// was told already.
func (a *app) measureUser(ctx context.Context, f *benchUserFlags, repo string) (*bench.Report, error) {
	client, err := f.graph.open(true)
	if err != nil {
		return nil, err
	}
	defer client.Close()
	found, err := findMailboxes(ctx, client, exportFlags{users: present(f.user), mailboxes: present(f.mailbox)})
	if err != nil {
		return nil, err
	}
	mailbox := found[0]
	opts := bench.ProbeOptions{
		Source: client.Open(mailbox.ID), Mailbox: mailbox, Graph: manifest.Graph{Version: graphVersion(f.graph.url)},
		Kind: kindOf(repo), Place: placeOf(repo), For: f.how, Plan: f.plan,
		Run:     pipeline.Options{Exporters: f.graph.inFlight, Logger: a.log},
		Version: version().release(), CommandLine: benchCommandLine(os.Args),
	}
	if repo == "" {
		repo = bench.Nowhere
	} else {
		opts.URL = repo
	}
	defer tidyDir(dirOf(repo))()
	if opts.Bucket, err = openBucket(ctx, repo); err != nil {
		return nil, configError(err)
	}
	exports := observe.NewExports(1)
	progress, end := exports.Begin(pipeline.Job{Source: opts.Source, Mailbox: mailbox})
	opts.Run.Progress = progress
	show := a.startProgress(exports.State)
	report, err := bench.Probe(ctx, opts)
	end()
	show.Stop()
	if err == nil && ctx.Err() != nil {
		err = printed(context.Canceled)
	}
	return report, err
}

// present returns a name if there is one.
func present(name string) []string {
	if name == "" {
		return nil
	}
	return []string{name}
}

// kindOf tells what kind of store a URL names.
func kindOf(repo string) bench.Store {
	scheme, _, found := strings.Cut(repo, "://")
	switch {
	case repo == "", repo == bench.Nowhere:
		return bench.StoreNowhere
	case found && scheme != "file":
		return bench.Store(scheme)
	}
	return bench.StoreFile
}

// dirOf returns the directory that a URL names; nothing if it names something else.
func dirOf(repo string) string {
	if kindOf(repo) != bench.StoreFile {
		return ""
	}
	u, err := url.Parse(repo)
	if err != nil || u.Scheme != "file" {
		return repo
	}
	path := filepath.FromSlash(strings.TrimPrefix(u.Path, "/"))
	if filepath.VolumeName(path) != "" {
		return path
	}
	return filepath.FromSlash(u.Path)
}

// tidyDir returns what removes a directory that is not there yet, if it is empty then.
func tidyDir(dir string) (tidy func()) {
	if _, err := os.Stat(dir); dir == "" || err == nil {
		return func() {}
	}
	return func() { _ = os.Remove(dir) }
}

// placeOf returns what of a URL may be told: not its parameters, nor who signs in.
func placeOf(repo string) string {
	u, err := url.Parse(repo)
	if err != nil {
		return ""
	}
	u.RawQuery, u.User, u.Fragment = "", nil, ""
	return u.String()
}

// benchCommandLine is what repeats a measurement, without the parameters of a store's URL.
func benchCommandLine(args []string) string {
	words := []string{"mailhaul"}
	for _, arg := range args[min(1, len(args)):] {
		before, _, cut := strings.Cut(arg, "?")
		if cut && strings.Contains(before, "://") {
			arg = before
		}
		words = append(words, arg)
	}
	return strings.Join(words, " ")
}
