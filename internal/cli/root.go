package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/spf13/cobra"

	"github.com/mailhaul/mailhaul/internal/cli/internal/memory"
	"github.com/mailhaul/mailhaul/internal/cli/internal/observe"
	"github.com/mailhaul/mailhaul/internal/cli/internal/text"
)

// Exit codes.
const (
	exitComplete    = 0
	exitFailed      = 1
	exitUsage       = 2
	exitIncomplete  = 3 // finished, with gaps that are not acknowledged
	exitInterrupted = 130
)

// An app is what the commands share.
type app struct {
	out     io.Writer        // results
	width   int              // characters in a line of out; 0: it is no terminal
	err     io.Writer        // notes and errors
	console *observe.Console // that both go to, with progress
	log     *slog.Logger
	metrics *prometheus.Registry // nil: none are served
}

// Main runs the command line and returns the exit code.
func Main(args []string, stdout, stderr io.Writer) int {
	memory.Bound()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// The first signal asks for an orderly end. From then on signals do what
	// they always do, so that a second one ends the process at once.
	context.AfterFunc(ctx, stop)

	a := newApp(stdout, stderr)
	root := a.root()
	root.SetArgs(args)
	root.SetOut(a.out)
	root.SetErr(a.err)
	err := root.ExecuteContext(ctx)
	code := exitCode(ctx, err)
	if err != nil && !errors.Is(err, errPrinted) {
		a.printError(err)
	}
	return code
}

func newApp(stdout, stderr io.Writer) *app {
	c := observe.NewConsole(stderr)
	notes := c.Writer(stderr)
	return &app{out: c.Writer(stdout), width: text.Width(stdout), err: notes, console: c, log: slog.New(slog.NewTextHandler(notes, nil))}
}

// tell writes an error and what can be done about it.
func (a *app) printError(err error) {
	message := fmt.Sprintf("mailhaul: %s\n", text.OneLine(err.Error()))
	if h := hint(err); h != "" {
		message += fmt.Sprintf("  %s\n", h)
	}
	_, _ = io.WriteString(a.err, message)
}

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "mailhaul",
		Short: "Haul Exchange Online mailboxes into object storage",
		Long: `mailhaul exports Exchange Online mailboxes through Microsoft Graph's exportItems
into a repository in S3, Azure Blob Storage, Google Cloud Storage or a directory,
proves that the repository is whole, and takes single items back out.

Start with "mailhaul demo": it does all of that with a simulated mailbox.

A repository is given by --repo or MAILHAUL_REPO:

  s3://bucket/prefix         S3 and compatible stores
  azblob://container/prefix  Azure Blob Storage
  gs://bucket/prefix         Google Cloud Storage
  file:///path or a path     a directory

with credentials as the store's own tools take them; docs/stores.md tells more.

Exit codes: 0 complete; 1 could not do it; 2 wrong usage or configuration;
3 finished, with items that failed or coverage that is short, and not acknowledged;
130 interrupted, and what was done by then is committed.`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usagef("unknown command %q; see mailhaul --help", args[0])
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.Version = version().Version
	root.SetVersionTemplate(version().String())
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usagef("%v; see %s --help", err, cmd.CommandPath())
	})
	root.AddCommand(a.observed(a.exportCommand()), a.observed(a.verifyCommand()), a.extractCommand(), a.snapshotsCommand(),
		a.lsCommand(), a.diffCommand(), a.reportCommand(), a.acknowledgeCommand(), a.observed(a.copyCommand()), a.doctorCommand(), a.simulateCommand(), a.demoCommand(),
		a.benchCommand(), a.versionCommand())
	return root
}

// noArgs refuses arguments that are no flags.
func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usagef("%s takes no arguments, got %q; see %s --help", cmd.Name(), args[0], cmd.CommandPath())
	}
	return nil
}

// printJSON writes v as one line.
func (a *app) printJSON(v any) error {
	enc := json.NewEncoder(a.out)
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}
