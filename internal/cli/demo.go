package cli

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/mailhaul/mailhaul/graph"
	"github.com/mailhaul/mailhaul/internal/cli/internal/observe"
	"github.com/mailhaul/mailhaul/internal/cli/internal/text"
	"github.com/mailhaul/mailhaul/manifest"
	"github.com/mailhaul/mailhaul/pipeline"
	"github.com/mailhaul/mailhaul/repository"
	"github.com/mailhaul/mailhaul/restore"
	"github.com/mailhaul/mailhaul/simulator"
	"github.com/mailhaul/mailhaul/snapshots"
)

type demoFlags struct {
	dir   string
	items int
	seed  uint64
}

func (a *app) demoCommand() *cobra.Command {
	var f demoFlags
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Export, verify and extract a simulated mailbox",
		Long: `Demo runs an export from beginning to end on this machine. It starts a
simulated Microsoft Graph on loopback, exports a mailbox to a repository below
--dir, verifies every byte, and extracts one item. A second run exports
nothing, as the repository has all items.

Exit codes: 0 all steps succeeded; 1 a step failed; 2 wrong usage;
130 interrupted.`,
		Example: `  mailhaul demo
  mailhaul demo --dir ./demo --items 200`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.demo(cmd.Context(), f) },
	}
	cmd.Flags().StringVar(&f.dir, "dir", "mailhaul-demo", "`DIR` to write to")
	cmd.Flags().IntVar(&f.items, "items", 2000, "number of items in the mailbox")
	cmd.Flags().Uint64Var(&f.seed, "seed", 1, "seed of the mailbox's content")
	return cmd
}

func (a *app) demo(ctx context.Context, f demoFlags) error {
	if f.items < 1 {
		return usagef("--items must be at least 1")
	}
	started := time.Now()
	sim, err := simulator.New(simulator.Options{Seed: f.seed, Mailboxes: 1, Items: f.items, MaxItemSize: 16 << 20})
	if err != nil {
		return err
	}
	url, stop, err := serve("127.0.0.1:0", sim)
	if err != nil {
		return err
	}
	d := &demo{app: a, url: url, user: sim.Mailboxes()[0].User, dir: f.dir, repoPath: filepath.Join(f.dir, "repository")}
	err = d.run(ctx)
	if err := errors.Join(err, stop()); err != nil {
		return err
	}
	d.printNext(f, time.Since(started))
	return nil
}

type demo struct {
	*app
	url, user, dir, repoPath string
	mailbox                  manifest.Mailbox
	item                     restore.Extracted
}

func (d *demo) run(ctx context.Context) error {
	transport := d.transport()
	defer transport.CloseIdleConnections()
	client, err := newGraphClient(graph.Options{BaseURL: demoGraph, Transport: &http.Client{Transport: transport}})
	if err != nil {
		return err
	}
	defer client.Close()
	repo, err := d.createRepository(ctx, d.repoPath)
	if err != nil {
		return err
	}
	defer repo.Close()
	if err := d.export(ctx, client, repo); err != nil {
		return err
	}
	if err := d.verify(ctx, repo); err != nil {
		return err
	}
	return d.extract(ctx, repo)
}

// demoGraph is the URL of the simulated Graph, as the client sees it. It does not depend on the
// port, so that delta links are still valid in the next run.
const demoGraph = "http://localhost/v1.0"

// transport returns a transport that connects to the simulated Graph, whatever the host.
func (d *demo) transport() *http.Transport {
	addr := strings.TrimPrefix(d.url, "http://")
	return &http.Transport{DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, addr)
	}}
}

func (d *demo) step(n int, format string, args ...any) {
	fmt.Fprintf(d.out, "\n%d. %s\n\n", n, fmt.Sprintf(format, args...))
}

func (d *demo) export(ctx context.Context, client *graph.Client, repo *repository.Repository) error {
	d.step(1, "Export the mailbox of %s from a simulated Microsoft Graph at %s/v1.0", d.user, d.url)
	found, err := findMailboxes(ctx, client, exportFlags{users: []string{d.user}})
	if err != nil {
		return err
	}
	d.mailbox = found[0]
	job := pipeline.Job{
		Source: client.Open(d.mailbox.ID), Repository: repo, Mailbox: d.mailbox,
		Graph: manifest.Graph{Version: graphVersion(demoGraph)},
	}
	return d.exportAll(ctx, []pipeline.Job{job}, pipeline.Options{}, 1, false)
}

func (d *demo) verify(ctx context.Context, repo *repository.Repository) error {
	d.step(2, "Verify every byte of the repository at %s", d.repoPath)
	opts := restore.VerifyOptions{Progress: &restore.VerifyProgress{}}
	show := d.startProgress(observe.VerifyState(opts.Progress))
	result, err := restore.Verify(ctx, repo, opts)
	show.Stop()
	if err != nil {
		return err
	}
	d.printVerification(result, true)
	if result.Found > 0 {
		return errDamaged
	}
	return nil
}

// extract extracts the first mail in the snapshot.
func (d *demo) extract(ctx context.Context, repo *repository.Repository) error {
	out := filepath.Join(d.dir, "extracted")
	d.step(3, "Extract one item to %s", out)
	s, err := snapshots.Latest(ctx, repo, d.mailbox.ID)
	if err != nil {
		return err
	}
	id := ""
	for row, err := range s.Items(ctx) {
		if err != nil {
			return err
		}
		if id == "" || row.Type == "IPM.Note" {
			id = row.ID
		}
		if row.Type == "IPM.Note" {
			break
		}
	}
	if err := restore.Extract(ctx, repo, s, out, []string{id}, func(e restore.Extracted) error {
		d.item = e
		return nil
	}); err != nil {
		return err
	}
	fmt.Fprintf(d.out, "item      %s\nfile      %s\nstream    %s, %s\n", d.item.ID, filepath.Join(out, d.item.Path), text.Size(d.item.Length), d.item.SHA256)
	return nil
}

func (d *demo) printNext(f demoFlags, took time.Duration) {
	name := programName()
	fmt.Fprintf(d.out, `
Done in %.1f s. Everything is in %s. Try next:

  %[3]s demo --dir %[2]s  # again: nothing is exported twice
  %[3]s snapshots --repo %[4]s
  %[3]s ls --repo %[4]s --mailbox %[5]s | head
  %[3]s verify --repo %[4]s --json
  %[3]s extract --repo %[4]s --mailbox %[5]s --out %[6]s
  %[3]s export --help  # a mailbox of your own
`, took.Seconds(), f.dir, name, d.repoPath, d.mailbox.ID, filepath.Join(f.dir, "all"))
}

// programName returns the command that runs this program.
func programName() string {
	exe, err := os.Executable()
	if err == nil && strings.Contains(exe, string(filepath.Separator)+"go-build") {
		return "go run ./cmd/mailhaul"
	}
	return os.Args[0]
}
