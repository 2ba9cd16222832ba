package cli

import (
	"context"
	"errors"
	"io"
	"net/url"
	"os/exec"
	"slices"

	"github.com/spf13/pflag"

	"github.com/mailhaul/mailhaul/bench/lab"
	"github.com/mailhaul/mailhaul/repository/store"
)

// Flags that only one kind of measurement uses.
var (
	scenarioOnlyFlags = []string{"cores", "seed", "minio", "repetitions"}
	userOnlyFlags     = []string{"for", "mailboxes", "gigabytes", "machines", "bandwidth", "graph-url", "max-in-flight", "request-budget"}
)

// checkMode checks that all flags belong to one kind of measurement.
func (f *benchFlags) checkMode(flags *pflag.FlagSet) error {
	scenarios := f.suite || len(f.scenarios) > 0
	switch {
	case f.user.given() && scenarios:
		return usagef("--user measures a tenant, --suite and --scenario this machine: give one of them")
	case f.suite && len(f.scenarios) > 0:
		return usagef("--suite measures all scenarios: leave out --suite or --scenario")
	case f.user.given():
		return refuseFlags(flags, scenarioOnlyFlags, "--suite and --scenario")
	case scenarios:
		return refuseFlags(flags, userOnlyFlags, "--user")
	}
	return usagef("give --suite, --scenario NAME or --user UPN; see mailhaul bench --help")
}

// refuseFlags returns an error if one of the flags is set.
func refuseFlags(flags *pflag.FlagSet, names []string, other string) error {
	for _, name := range names {
		if flags.Changed(name) {
			return usagef("--%s is for %s: leave it out", name, other)
		}
	}
	return nil
}

// selected returns the scenarios that the flags name. None means all.
func (f *benchFlags) selected() ([]lab.Scenario, error) {
	if f.opts.Repetitions < 1 || f.opts.Cores < 0 {
		return nil, usagef("--repetitions must be at least 1, and --cores not negative")
	}
	var selected []lab.Scenario
	for _, name := range f.scenarios {
		s, ok := lab.ScenarioOf(name)
		if !ok {
			return nil, usagef("there is no scenario %q; see mailhaul bench --help", name)
		}
		selected = append(selected, s)
	}
	return selected, nil
}

// findS3 checks --repo, or finds the binary of MinIO, if a scenario needs one.
func (f *benchFlags) findS3(ctx context.Context, scenarios []lab.Scenario) (err error) {
	o := &f.opts
	switch {
	case o.Repo != "":
		if err := checkS3(ctx, o.Repo); err != nil {
			return err
		}
	case o.MinIO == "":
		o.MinIO, _ = exec.LookPath("minio") // checked below
	}
	if o.MinIO != "" {
		if o.MinIO, err = exec.LookPath(o.MinIO); err != nil {
			return usagef("--minio: %w", err)
		}
	}
	i := slices.IndexFunc(scenarios, func(s lab.Scenario) bool { return s.Store == lab.StoreS3 })
	if i >= 0 && o.Repo == "" && o.MinIO == "" {
		return usagef("scenario %s stores in S3, and minio is not in the PATH: give --minio FILE or --repo URL", scenarios[i].Name)
	}
	return nil
}

// checkS3 checks that a URL names an S3 store with an endpoint, as the baseline and restic need it,
// and that the store answers.
func checkS3(ctx context.Context, repo string) error {
	u, err := url.Parse(repo)
	if err == nil && u.Scheme == string(lab.StoreS3) && u.Host != "" {
		endpoint, err := url.Parse(u.Query().Get("endpoint"))
		if err == nil && endpoint.Host != "" && (endpoint.Scheme == "http" || endpoint.Scheme == "https") {
			return tryList(ctx, repo)
		}
	}
	return usagef("--repo of scenarios must be the URL of an S3 store with an endpoint, such as s3://bucket/prefix?endpoint=https://host&region=us-east-1")
}

// tryList lists the first object of a store.
func tryList(ctx context.Context, repo string) error {
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
