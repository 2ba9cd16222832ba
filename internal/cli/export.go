package cli

import (
	"context"
	"os"
	"path"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mailhaul/mailhaul/graph"
	"github.com/mailhaul/mailhaul/internal/cli/internal/flags"
	"github.com/mailhaul/mailhaul/manifest"
	"github.com/mailhaul/mailhaul/pipeline"
)

type exportFlags struct {
	repo      string
	graph     graphFlags
	mailboxes []string
	users     []string
	archive   bool
	atOnce    int
	selection flags.Selection
	run       flags.Run
	json      bool
}

func (a *app) exportCommand() *cobra.Command {
	var f exportFlags
	cmd := &cobra.Command{
		Use:   "export --repo URL (--mailbox ID | --user UPN)...",
		Short: "Export mailboxes into a repository",
		Long: `Export lists a mailbox, exports the items that its last snapshot does not hold,
and commits a new snapshot. It creates the repository if there is none, and
never changes or deletes stored objects.

The first export lists everything; later ones list what has changed. An export
commits a partial snapshot every few minutes, and when it is interrupted or
Graph fails. The next one continues from there, and skips the items that the
repository holds, by id and change key.

Items that Graph does not return are requested again at the end of the export,
and by the next ten exports. They are reported as failed until they succeed or
are gone.

A selection, such as --folder or --since, limits an export. Its snapshot is
partial and records the selection. Items that the selection leaves out are not
exported, do not count as deleted, and are not gaps.

Credentials for Graph: MAILHAUL_GRAPH_TOKEN, or Azure's default chain
(AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET or a certificate;
workload identity; managed identity; az login).

Exit codes: 0 everything selected is held, except acknowledged gaps; 1 failed;
2 wrong usage; 3 finished, with gaps: items failed, or folders are short or
could not be listed; 130 interrupted, with a partial snapshot committed.`,
		Example: `  mailhaul export --repo s3://archive/mail --user megan@contoso.com
  mailhaul export --repo ./mail --mailbox 'MBX:e0643f21@a7809c93' \
    --folder Inbox/Projects --json`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.export(cmd.Context(), f) },
	}
	repoFlag(cmd, &f.repo)
	flags.Write(cmd)
	fs := cmd.Flags()
	fs.StringArrayVar(&f.mailboxes, "mailbox", nil, "`ID` of a mailbox, such as MBX:…@…; may be repeated")
	fs.StringArrayVar(&f.users, "user", nil, "user principal name or id (`UPN`) whose mailbox to export; may be repeated")
	fs.BoolVar(&f.archive, "archive", false, "export the users' archive mailboxes too; needs a --graph-url that ends in /beta")
	fs.IntVar(&f.atOnce, "mailboxes-at-once", 4, "export up to `N` mailboxes at a time")
	f.graph.add(cmd)
	f.selection.Add(cmd)
	f.run.Add(cmd)
	jsonFlag(cmd, &f.json, "print one JSON object for each mailbox on stdout")
	return cmd
}

func envOr(name, otherwise string) string {
	if v := os.Getenv(name); v != "" {
		return v
	}
	return otherwise
}

func (f *exportFlags) check() error {
	switch {
	case f.repo == "":
		return usagef("where to? give --repo URL, or set MAILHAUL_REPO")
	case len(f.mailboxes)+len(f.users) == 0:
		return usagef("which mailbox? give --mailbox ID or --user UPN")
	case f.atOnce < 1:
		return usagef("--mailboxes-at-once must be at least 1")
	case f.archive && len(f.users) == 0:
		return usagef("--archive needs --user; give an archive's own id with --mailbox")
	case f.archive && graphVersion(f.graph.url) != "beta":
		return usagef("only Graph's beta has archive mailboxes: give --graph-url https://graph.microsoft.com/beta")
	}
	for _, id := range append(f.mailboxes, f.users...) {
		if strings.TrimSpace(id) == "" {
			return usagef("--mailbox and --user must not be empty")
		}
	}
	return nil
}

// options returns the options of the runs.
func (f *exportFlags) options() (pipeline.Options, error) {
	selection, err := f.selection.Options()
	if err != nil {
		return pipeline.Options{}, usageError{err}
	}
	opts, err := f.run.Options()
	if err != nil {
		return opts, usageError{err}
	}
	opts.Selection, opts.Exporters = selection, f.graph.inFlight
	return opts, nil
}

// graphVersion returns the last element of the base URL: v1.0 or beta.
func graphVersion(base string) string { return path.Base(strings.TrimRight(base, "/")) }

// export exports the mailboxes that the flags name.
func (a *app) export(ctx context.Context, f exportFlags) error {
	if err := f.check(); err != nil {
		return err
	}
	opts, err := f.options()
	if err != nil {
		return err
	}
	client, err := f.graph.open(!f.run.NoProperties)
	if err != nil {
		return err
	}
	defer client.Close()
	mailboxes, err := findMailboxes(ctx, client, f)
	if err != nil {
		return err
	}
	repo, err := a.createRepository(ctx, f.repo)
	if err != nil {
		return err
	}
	defer repo.Close()
	jobs := make([]pipeline.Job, len(mailboxes))
	for i, m := range mailboxes {
		jobs[i] = pipeline.Job{
			Source: client.Open(m.ID), Repository: repo, Mailbox: m,
			Graph: manifest.Graph{Version: graphVersion(f.graph.url)},
		}
	}
	return a.exportAll(ctx, jobs, opts, f.atOnce, f.json)
}

// worse returns the error that decides the exit code of both.
func worse(ctx context.Context, a, b error) error {
	rank := func(err error) int {
		switch exitCode(ctx, err) {
		case exitComplete:
			return 0
		case exitIncomplete:
			return 1
		case exitInterrupted:
			return 3
		}
		return 2
	}
	if rank(b) > rank(a) {
		return b
	}
	return a
}

// findMailboxes returns the mailboxes that the flags name, each once.
func findMailboxes(ctx context.Context, client *graph.Client, f exportFlags) ([]manifest.Mailbox, error) {
	var found []manifest.Mailbox
	seen := map[string]bool{}
	add := func(m manifest.Mailbox) {
		if !seen[m.ID] {
			seen[m.ID] = true
			found = append(found, m)
		}
	}
	for _, user := range f.users {
		ms, err := client.Mailboxes(ctx, user, f.archive)
		if err != nil {
			return nil, err
		}
		for _, m := range ms {
			add(manifest.Mailbox{ID: m.ID, User: m.User, Kind: m.Kind})
		}
	}
	for _, id := range f.mailboxes {
		add(manifest.Mailbox{ID: id})
	}
	return found, nil
}
