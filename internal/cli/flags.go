package cli

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"net/url"
	"os"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/spf13/cobra"
	"gocloud.dev/blob"

	"github.com/mailhaul/mailhaul/bench/nowhere"
	"github.com/mailhaul/mailhaul/graph"
	"github.com/mailhaul/mailhaul/internal/cli/internal/flags"
	"github.com/mailhaul/mailhaul/repository"
	"github.com/mailhaul/mailhaul/sinks"
)

const defaultGraphURL = "https://graph.microsoft.com/v1.0"

// storeFlags adds the flags of how a store is reached and written. Their values are in the URL that
// to points to when the command runs.
func storeFlags(cmd *cobra.Command, to *string) {
	flags.Reach(cmd, to)
	flags.Write(cmd)
}

// repoFlag adds --repo and the flags of how its store is reached.
func repoFlag(cmd *cobra.Command, to *string) {
	flags.Reach(cmd, to)
	cmd.Flags().StringVar(to, "repo", os.Getenv("MAILHAUL_REPO"), "`URL` or path of the repository (env MAILHAUL_REPO)")
}

func mailboxFlag(cmd *cobra.Command, to *string, usage string) {
	cmd.Flags().StringVar(to, "mailbox", "", usage)
}

func jsonFlag(cmd *cobra.Command, to *bool, usage string) {
	cmd.Flags().BoolVar(to, "json", false, usage)
}

// configError marks an error of opening a bucket as one of configuration, unless the bucket or a
// file does not exist or cannot be read.
func configError(err error) error {
	var path *fs.PathError
	if repository.IsNotFound(err) || errors.As(err, &path) {
		return err
	}
	return usageError{err}
}

// openRepository opens a repository that must exist. The caller closes it.
func (a *app) openRepository(ctx context.Context, url string) (*repository.Repository, error) {
	if url == "" {
		return nil, usagef("which repository? give --repo URL, or set MAILHAUL_REPO")
	}
	bucket, err := sinks.OpenExisting(ctx, url)
	if err != nil {
		return nil, configError(err)
	}
	repo, err := repository.Open(ctx, bucket)
	if err != nil {
		bucket.Close()
		return nil, err
	}
	repo.SetLogger(a.log)
	return repo, nil
}

// createRepository opens a repository, and creates it if there is none. The caller closes it.
func (a *app) createRepository(ctx context.Context, url string) (*repository.Repository, error) {
	bucket, err := openBucket(ctx, url)
	if err != nil {
		return nil, configError(err)
	}
	repo, err := repository.Init(ctx, bucket)
	if err != nil {
		bucket.Close()
		return nil, err
	}
	repo.SetLogger(a.log)
	return repo, nil
}

// openBucket opens a bucket to write to.
func openBucket(ctx context.Context, url string) (*blob.Bucket, error) {
	if url == nowhere.URL {
		return nowhere.Open(), nil
	}
	return sinks.Open(ctx, url)
}

// graphFlags are the address of Graph and the limits on requests.
type graphFlags struct {
	url      string
	budget   int
	inFlight int
}

func (f *graphFlags) add(cmd *cobra.Command) {
	fs := cmd.Flags()
	fs.StringVar(&f.url, "graph-url", envOr("MAILHAUL_GRAPH_URL", defaultGraphURL), "base `URL` of Microsoft Graph (env MAILHAUL_GRAPH_URL)")
	fs.IntVar(&f.inFlight, "max-in-flight", 4, "send up to `N` requests at a time for a mailbox, 1 to 4")
	fs.IntVar(&f.budget, "request-budget", 10_000, "send up to `N` requests in ten minutes for a mailbox; 0 for no limit")
}

// open returns a client, which requests the properties of items if properties is set.
func (f *graphFlags) open(properties bool) (*graph.Client, error) {
	opts, err := f.options()
	if err != nil {
		return nil, err
	}
	opts.NoProperties = !properties
	return newGraphClient(opts)
}

func newGraphClient(opts graph.Options) (*graph.Client, error) {
	client, err := graph.New(opts)
	if err != nil {
		return nil, usageError{err}
	}
	return client, nil
}

// options returns the options of the flags and the environment.
func (f *graphFlags) options() (graph.Options, error) {
	cred, err := credential(f.url)
	if err != nil {
		return graph.Options{}, usageError{err}
	}
	if f.budget < 0 || f.inFlight < 1 {
		return graph.Options{}, usagef("--request-budget must not be negative, and --max-in-flight at least 1")
	}
	opts := graph.Options{
		BaseURL: f.url, Credential: cred, MaxInFlight: f.inFlight, Budget: f.budget, UserAgent: "mailhaul/" + version().Version,
	}
	if f.budget == 0 {
		opts.Budget = -1 // 0 is the default
	}
	return opts, nil
}

// credential returns the token of MAILHAUL_GRAPH_TOKEN; or none for plain HTTP on loopback, because
// a simulator need not require a token; or the credential of Azure's default chain.
func credential(base string) (azcore.TokenCredential, error) {
	if token := os.Getenv("MAILHAUL_GRAPH_TOKEN"); token != "" {
		return graph.NewCredential(token)
	}
	if u, err := url.Parse(base); err == nil && u.Scheme == "http" && isLoopback(u.Hostname()) {
		return nil, nil
	}
	return graph.NewCredential("")
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
