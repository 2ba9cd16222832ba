package cli

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"github.com/mailhaul/mailhaul/simulator"
)

type simulateFlags struct {
	listen      string
	mailboxes   int
	items       int
	seed        uint64
	itemSize    int64
	maxItemSize int64
	token       string
	concurrency int
}

func (a *app) simulateCommand() *cobra.Command {
	var f simulateFlags
	cmd := &cobra.Command{
		Use:   "simulate --listen ADDR",
		Short: "Serve simulated mailboxes as Microsoft Graph does",
		Long: `Simulate is a stand-in for the part of Microsoft Graph that mailhaul uses, on /v1.0 and
/beta. Mailboxes are made on the fly from a seed: a million items cost no memory, and
the same seed gives the same bytes.`,
		Example: `  mailhaul simulate --listen 127.0.0.1:9000 --mailboxes 3 --items 10000 --seed 7
  mailhaul export --graph-url http://127.0.0.1:9000/v1.0 --user megan.bowen@contoso.com --repo ./mail`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.simulate(cmd.Context(), f) },
	}
	flags := cmd.Flags()
	flags.StringVar(&f.listen, "listen", "127.0.0.1:9000", "`ADDR` to serve on; port 0 takes a free one")
	flags.IntVar(&f.mailboxes, "mailboxes", 1, "number of mailboxes")
	flags.IntVar(&f.items, "items", 2000, "number of items in each mailbox")
	flags.Uint64Var(&f.seed, "seed", 1, "seed of all content")
	flags.Int64Var(&f.itemSize, "item-size", 0, "about as many bytes for every item (default: a realistic spread)")
	flags.Int64Var(&f.maxItemSize, "max-item-size", 0, "upper bound of the spread in bytes (default: some tens of MB)")
	flags.StringVar(&f.token, "token", "", "bearer token to require (default: none is required)")
	flags.IntVar(&f.concurrency, "concurrency", 4, "requests in flight that a mailbox takes before it answers 429")
	return cmd
}

func (a *app) simulate(ctx context.Context, f simulateFlags) error {
	if f.mailboxes < 1 || f.items < 0 || f.itemSize < 0 || f.maxItemSize < 0 || f.concurrency < 1 {
		return usagef("--mailboxes and --concurrency must be at least 1, and no number negative")
	}
	items := f.items
	if items == 0 {
		items = -1 // the simulator's zero is its default
	}
	sim, err := simulator.New(simulator.Options{
		Seed: f.seed, Mailboxes: f.mailboxes, Items: items, ItemSize: f.itemSize, MaxItemSize: f.maxItemSize,
		RequireToken: f.token != "", Token: f.token, Concurrency: f.concurrency,
	})
	if err != nil {
		return usageError{err}
	}
	url, stop, err := serve(f.listen, sim)
	if err != nil {
		return err
	}
	fmt.Fprintf(a.out, "serving %s mailboxes of %s items, seed %d, on %s/v1.0 and /beta\n", comma(int64(f.mailboxes)), comma(int64(f.items)), f.seed, url)
	for i, m := range sim.Mailboxes() {
		if i == shown {
			fmt.Fprintf(a.out, "  and %s more\n", comma(int64(f.mailboxes-shown)))
			break
		}
		fmt.Fprintf(a.out, "  %s  %s\n", m.ID, m.User)
	}
	fmt.Fprintf(a.out, "try: mailhaul export --graph-url %s/v1.0 --user %s --repo ./mail\n", url, sim.Mailboxes()[0].User)
	<-ctx.Done()
	return stop()
}

// serve serves a handler on addr until stop is called, and returns its URL.
func serve(addr string, h http.Handler) (url string, stop func() error, err error) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return "", nil, fmt.Errorf("listen: %w", err)
	}
	server := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	served := make(chan error, 1) // one end, and nobody need be waiting for it
	go func() { served <- server.Serve(l) }()
	stop = func() error {
		err := server.Close()
		if serveErr := <-served; !errors.Is(serveErr, http.ErrServerClosed) {
			err = errors.Join(err, serveErr)
		}
		return err
	}
	return "http://" + l.Addr().String(), stop, nil
}
