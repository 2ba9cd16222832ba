package cli

import (
	"context"
	"errors"
	"io"
	"net/url"
	"os/exec"
	"slices"

	"github.com/spf13/pflag"

	"github.com/mailhaul/mailhaul/bench"
	"github.com/mailhaul/mailhaul/repository/store"
)

// The flags that say nothing but to measurements of one kind.
var (
	scenarioFlags = []string{"cores", "seed", "minio", "repetitions"}
	tenantFlags   = []string{"for", "mailboxes", "gigabytes", "machines", "bandwidth", "to", "graph-url", "max-in-flight", "request-budget"}
)

// mode makes sure that the flags are all about one kind of measurement.
func (f *benchFlags) mode(flags *pflag.FlagSet) error {
	scenarios := f.suite || len(f.scenarios) > 0
	switch {
	case f.user.wanted() && scenarios:
		return usagef("--user measures a tenant, --suite and --scenario this machine: give one of them")
	case f.suite && len(f.scenarios) > 0:
		return usagef("--suite measures all scenarios: leave it or --scenario out")
	case f.user.wanted():
		return onlyFor(flags, scenarioFlags, "--suite and --scenario")
	case scenarios:
		return onlyFor(flags, tenantFlags, "--user")
	}
	return usagef("what to measure? give --suite, --scenario NAME or --user UPN; see mailhaul bench --help")
}

// onlyFor refuses flags that are for something else.
func onlyFor(flags *pflag.FlagSet, names []string, other string) error {
	for _, name := range names {
		if flags.Changed(name) {
			return usagef("--%s is for %s: leave it out", name, other)
		}
	}
	return nil
}

// chosen returns the scenarios that the flags name; none for all.
func (f *benchFlags) chosen() ([]bench.Scenario, error) {
	if f.opts.Repetitions < 1 || f.opts.Cores < 0 {
		return nil, usagef("--repetitions must be at least 1, and --cores not negative")
	}
	var chosen []bench.Scenario
	for _, name := range f.scenarios {
		s, ok := bench.ScenarioOf(name)
		if !ok {
			return nil, usagef("there is no scenario %q; see mailhaul bench --help", name)
		}
		chosen = append(chosen, s)
	}
	return chosen, nil
}

// findStore finds what scenarios store in that need S3: the one that was given, or a MinIO.
func (f *benchFlags) findStore(ctx context.Context, scenarios []bench.Scenario) (err error) {
	o := &f.opts
	switch {
	case o.Repo != "":
		if err := checkEndpoint(ctx, o.Repo); err != nil {
			return err
		}
	case o.MinIO == "":
		o.MinIO, _ = exec.LookPath("minio") // it may not be needed
	}
	if o.MinIO != "" {
		if o.MinIO, err = exec.LookPath(o.MinIO); err != nil {
			return usagef("--minio: %w", err)
		}
	}
	i := slices.IndexFunc(scenarios, func(s bench.Scenario) bool { return s.Store == bench.StoreS3 })
	if i >= 0 && o.Repo == "" && o.MinIO == "" {
		return usagef("scenario %s stores in S3, and there is no minio in the PATH: give --minio FILE or --repo URL", scenarios[i].Name)
	}
	return nil
}

// checkEndpoint makes sure that a URL names a store in the way that mailhaul and those beside it in a scenario take.
func checkEndpoint(ctx context.Context, repo string) error {
	u, err := url.Parse(repo)
	if err == nil && u.Scheme == string(bench.StoreS3) && u.Host != "" {
		endpoint, err := url.Parse(u.Query().Get("endpoint"))
		if err == nil && endpoint.Host != "" && (endpoint.Scheme == "http" || endpoint.Scheme == "https") {
			return reachStore(ctx, repo)
		}
	}
	return usagef("--repo of scenarios must be an S3 store by a URL with an endpoint, such as s3://bucket/prefix?endpoint=https://host&region=us-east-1")
}

// reachStore makes sure that a store answers, and lets what lies there be listed.
func reachStore(ctx context.Context, repo string) error {
	bucket, err := openBucket(ctx, repo)
	if err != nil {
		return configError(err)
	}
	_, err = bucket.List(nil).Next(ctx)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return errors.Join(store.Wrap("list", "", err), bucket.Close())
}
