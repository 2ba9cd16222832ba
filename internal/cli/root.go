// Package cli is mailhaul's command line. It is the one place that prints and exits.
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

	"github.com/mailhaul/mailhaul/internal/cli/internal/flags"
	"github.com/mailhaul/mailhaul/internal/cli/internal/memory"
	"github.com/mailhaul/mailhaul/internal/cli/internal/observe"
	"github.com/mailhaul/mailhaul/internal/cli/internal/text"
)

// Exit codes.
const (
	exitComplete    = 0
	exitFailed      = 1
	exitUsage       = 2
	exitIncomplete  = 3 // finished, with unacknowledged gaps
	exitInterrupted = 130
)

// An app is what the commands share.
type app struct {
	out     io.Writer        // results
	width   int              // characters in a line of out; 0 if not a terminal
	err     io.Writer        // notes and errors
	console *observe.Console // serialises out and err, and shows progress
	log     *slog.Logger
	metrics *prometheus.Registry // nil if not served
}

// Main runs the command line and returns the exit code.
func Main(args []string, stdout, stderr io.Writer) int {
	memory.Bound()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// The first signal requests an orderly end. After it, the default handling is restored, so that
	// a second signal ends the process at once.
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

// printError prints an error and what the user can do about it.
func (a *app) printError(err error) {
	message := fmt.Sprintf("mailhaul: %s\n", text.OneLine(err.Error()))
	if h := hint(err); h != "" {
		message += fmt.Sprintf("  %s\n", h)
	}
	_, _ = io.WriteString(a.err, message)
}

const overview = `mailhaul exports Exchange Online mailboxes through Microsoft Graph into a
repository in S3, Azure Blob Storage, Google Cloud Storage or a directory. It
verifies every byte of the repository, and extracts items from it.

Start with "mailhaul demo": it shows all of this with a simulated mailbox.

Give the repository with --repo or MAILHAUL_REPO:

  s3://bucket/prefix         S3 and compatible stores
  azblob://container/prefix  Azure Blob Storage
  gs://bucket/prefix         Google Cloud Storage
  file:///path or a path     a directory

Credentials are those of the store's own tools; see docs/stores.md.

Exit codes:
  0    complete
  1    failed
  2    wrong usage or configuration
  3    finished, with unacknowledged gaps: items failed, or folders are short
       or could not be listed
  130  interrupted; everything done so far is committed`

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:           "mailhaul",
		Short:         "Export Exchange Online mailboxes into object storage",
		Long:          overview,
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
	root.AddCommand(
		a.observed(a.exportCommand()), a.observed(a.verifyCommand()), a.observed(a.copyCommand()), a.extractCommand(),
		a.snapshotsCommand(), a.lsCommand(), a.diffCommand(), a.reportCommand(), a.acknowledgeCommand(),
		a.doctorCommand(), a.simulateCommand(), a.demoCommand(), a.benchCommand(), a.versionCommand(),
	)
	for _, cmd := range root.Commands() {
		cmd.SetUsageFunc(flags.Usage)
		checkOptions(cmd)
	}
	return root
}

// checkOptions makes wrong options of a store an error of usage.
func checkOptions(cmd *cobra.Command) {
	check := cmd.PreRunE
	if check == nil {
		return
	}
	cmd.PreRunE = func(cmd *cobra.Command, args []string) error {
		if err := check(cmd, args); err != nil {
			return usageError{err}
		}
		return nil
	}
}

// noArgs rejects arguments that are not flags.
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
