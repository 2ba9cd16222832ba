package cli

import (
	"context"
	"fmt"
	"iter"
	"net/url"
	"strings"

	"github.com/spf13/cobra"
	"gocloud.dev/blob"

	"github.com/mailhaul/mailhaul/doctor"
	"github.com/mailhaul/mailhaul/internal/cli/internal/flags"
	"github.com/mailhaul/mailhaul/internal/cli/internal/text"
	"github.com/mailhaul/mailhaul/sinks"
)

type doctorFlags struct {
	repo     string
	graph    graphFlags
	user     string
	thorough bool
	json     bool
}

func (a *app) doctorCommand() *cobra.Command {
	var f doctorFlags
	cmd := &cobra.Command{
		Use:   "doctor [--repo URL] [--user UPN]",
		Short: "Check that a store and Graph have what an export needs",
		Long: `Doctor tries what an export needs, and prints what to do about each failure.

In the store of --repo, it checks the credentials and each right: list, create
and read, and delete, which only doctor itself uses. It then checks what a
repository relies on: objects are created only if they are absent, even when
many clients try at once; objects can be read as soon as they are written;
ranges are exact; listings are complete; canceled writes leave nothing. Doctor
writes about 1,200 objects and 50 MiB below doctor/ in that place, and deletes
them. If they cannot be deleted, it writes only a few small objects and prints
what remains; such a place still counts as empty for a new repository. Store
options apply as in an export, except locks: doctor only looks up whether the
bucket can lock objects.

In Graph, for the user of --user, it obtains a token, prints which permissions
the token names, and makes the call that needs each permission. It exports one
item, and keeps nothing of it.

For both, it compares the service's clock with this machine's.

A check ends as ok, note (an export works), failed (its remedy is below it) or
skipped (it needs a check that failed). Exit code 0: no check failed; 1: at
least one failed; 2: wrong usage or configuration.`,
		Example: `  mailhaul doctor --repo s3://archive/mail --user megan@contoso.com
  mailhaul doctor --repo ./mail --json |
    jq '.checks[] | select(.status=="failed")'`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.doctor(cmd.Context(), f) },
	}
	repoFlag(cmd, &f.repo)
	flags.Write(cmd)
	f.graph.add(cmd)
	cmd.Flags().StringVar(&f.user, "user", "", "user principal name or id (`UPN`) whose mailbox to try")
	cmd.Flags().BoolVar(&f.thorough, "thorough", false, "run all checks, even if their objects cannot be deleted")
	jsonFlag(cmd, &f.json, "print one JSON object on stdout")
	return cmd
}

// A diagnosis is what doctor prints as JSON.
type diagnosis struct {
	OK     bool            `json:"ok"` // no check failed
	Checks []doctor.Result `json:"checks"`
}

func (a *app) doctor(ctx context.Context, f doctorFlags) error {
	if f.repo == "" && f.user == "" {
		return usagef("what to check? give --repo URL, or --user UPN, or both")
	}
	var results []doctor.Result
	for _, examine := range []func(context.Context, *doctorFlags) ([]doctor.Result, error){a.examineStore, a.examineGraph} {
		more, err := examine(ctx, &f)
		if err != nil {
			return err
		}
		results = append(results, more...)
	}
	failed := 0
	for _, r := range results {
		if r.Status == doctor.Failed {
			failed++
		}
	}
	if f.json {
		if err := a.printJSON(diagnosis{OK: failed == 0, Checks: results}); err != nil {
			return err
		}
	}
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case failed > 0:
		return fmt.Errorf("%w: %d of %d", errUnwell, failed, len(results))
	}
	return nil
}

func (a *app) examineStore(ctx context.Context, f *doctorFlags) ([]doctor.Result, error) {
	if f.repo == "" {
		return nil, nil
	}
	if strings.HasPrefix(f.repo, "mem:") {
		return nil, usagef("a store in memory ends with the command: there is nothing to check")
	}
	location, locks := withoutLocks(f.repo)
	buckets, err := openClients(ctx, f.repo, location)
	defer func() {
		for _, b := range buckets {
			_ = b.Close() // no write is pending
		}
	}()
	if err != nil {
		return nil, configError(err)
	}
	bucket, others := buckets[1], buckets[2:]
	opts := doctor.StoreOptions{Others: others, Locks: locks, Thorough: f.thorough, Remedy: hint}
	if v, ok := sinks.VersionsOf(bucket, location); ok {
		opts.Versions = v
	}
	place := f.repo
	if strings.Contains(place, "://") {
		place, _, _ = strings.Cut(place, "?")
	}
	return a.printResults("store "+place, f.json, doctor.Store(ctx, bucket, opts)), nil
}

func (a *app) examineGraph(ctx context.Context, f *doctorFlags) ([]doctor.Result, error) {
	if f.user == "" {
		return nil, nil
	}
	opts, err := f.graph.options()
	if err != nil {
		return nil, err
	}
	results, err := doctor.Graph(ctx, doctor.GraphOptions{Client: opts, User: f.user, Remedy: hint})
	if err != nil {
		return nil, usageError{err}
	}
	if f.repo != "" && !f.json {
		fmt.Fprintln(a.out)
	}
	return a.printResults(fmt.Sprintf("graph %s for %s", f.graph.url, f.user), f.json, results), nil
}

// withoutLocks returns a URL without the parameters that lock objects, and whether it had any:
// doctor deletes what it writes.
func withoutLocks(repo string) (string, bool) {
	u, err := url.Parse(repo)
	if err != nil || !strings.Contains(repo, "://") {
		return repo, false
	}
	q := u.Query()
	locks := false
	for _, name := range []string{"lock_mode", "lock_days", "legal_hold"} {
		locks = locks || q.Has(name)
		q.Del(name)
	}
	if !locks {
		return repo, false
	}
	u.RawQuery = q.Encode()
	return u.String(), true
}

// openClients opens a URL as it was given, so that wrong lock parameters are an error, and then the
// URL without locks several times, as programs do that share a store. The caller closes what is
// returned, even with an error.
func openClients(ctx context.Context, given, location string) (buckets []*blob.Bucket, err error) {
	for _, u := range []string{given, location, location, location} {
		b, err := sinks.Open(ctx, u)
		if err != nil {
			return buckets, err
		}
		buckets = append(buckets, b)
	}
	return buckets, nil
}

// printResults prints results as they come, below a title, unless the output is JSON.
func (a *app) printResults(title string, asJSON bool, results iter.Seq[doctor.Result]) (all []doctor.Result) {
	if !asJSON {
		fmt.Fprintln(a.out, text.Printable(title))
	}
	for r := range results {
		r.Seen = text.OneLine(r.Seen)
		all = append(all, r)
		if !asJSON {
			a.printResult(r)
		}
	}
	return all
}

// printResult prints a row of the table, and the remedy below it.
func (a *app) printResult(r doctor.Result) {
	const indent = 33
	fmt.Fprintln(a.out, strings.TrimRight(fmt.Sprintf("%-23s %-8s %s", r.Check, r.Status, text.Printable(r.Seen)), " "))
	if r.Remedy != "" {
		fmt.Fprintf(a.out, "%*s%s\n", indent, "", "→ "+text.Printable(r.Remedy))
	}
}
