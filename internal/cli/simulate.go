package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net"
	"net/http"
	"os"
	"runtime/debug"
	"time"

	"github.com/spf13/cobra"

	"github.com/mailhaul/mailhaul/internal/cli/internal/text"
	"github.com/mailhaul/mailhaul/simulator"
)

type simulateFlags struct {
	listen  string
	opts    simulator.Options
	chaos   float64
	prepare bool
	json    bool
}

func (a *app) simulateCommand() *cobra.Command {
	var f simulateFlags
	cmd := &cobra.Command{
		Use:   "simulate --listen ADDR",
		Short: "Serve simulated mailboxes as Microsoft Graph does",
		Long: `Simulate stands in for the part of Microsoft Graph that mailhaul uses, on /v1.0
and /beta. Mailboxes are made on request from a seed: a million items take no
memory, and the same seed gives the same bytes. Mailboxes can change while they
are read, and requests can fail at random in the ways for which Graph is known.
The seed decides these, too.

For measurements, --prepare makes all items in advance, which takes four bytes
of memory for three bytes of items. --latency and --response-rate make answers
as slow as Graph's. With --json, it prints one object when it is ready, and one
with its counts when it ends. The counts so far are at /stats.

Simulate serves until it is interrupted. Exit codes: 0 interrupted; 1 failed;
2 wrong usage.`,
		Example: `  mailhaul simulate --listen 127.0.0.1:9000 --mailboxes 3 --items 10000 --seed 7
  mailhaul simulate --items 500 --change-every 10 --chaos 2 \
    --request-limit 10000
  mailhaul export --graph-url http://127.0.0.1:9000/v1.0 \
    --user megan.bowen@contoso.com --repo ./mail`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.simulate(cmd.Context(), f) },
	}
	flags := cmd.Flags()
	flags.StringVar(&f.listen, "listen", "127.0.0.1:9000", "`ADDR` to serve on; port 0 takes a free one")
	o := &f.opts
	flags.Uint64Var(&o.Seed, "seed", 1, "seed of all content, changes and faults")
	flags.IntVar(&o.Mailboxes, "mailboxes", 1, "number of mailboxes")
	flags.IntVar(&o.Items, "items", 2000, "number of items in each mailbox")
	flags.IntVar(&o.Folders, "folders", 0, "least number of folders in each mailbox (default: about sixty)")
	flags.Int64Var(&o.ItemSize, "item-size", 0, "approximate size of every item in bytes (default: a realistic spread)")
	flags.Int64Var(&o.MinItemSize, "min-item-size", 0, "smallest size in bytes; sizes then spread to --max-item-size, as many in each doubling")
	flags.Int64Var(&o.MaxItemSize, "max-item-size", 0, "largest size in bytes (default: 48 MiB)")
	flags.BoolVar(&o.Archives, "archives", false, "give every user an archive mailbox with a quarter of --items, on /beta")
	flags.IntVar(&o.Auxiliaries, "auxiliaries", 0, "number of auxiliary mailboxes of each archive")
	flags.StringVar(&o.Token, "token", "", "bearer token to require (default: none is required)")
	flags.IntVar(&o.MaxPageSize, "page-size", 0, "largest number of elements in a page (default 1000)")
	flags.IntVar(&o.Concurrency, "concurrency", 4, "requests that a mailbox serves at once before it answers 429")
	flags.IntVar(&o.RequestLimit, "request-limit", 0, "requests that a mailbox serves in ten minutes before it answers 429 (default: no limit)")
	flags.DurationVar(&o.RetryAfter, "retry-after", time.Second, "Retry-After of a 429; none if negative")
	flags.IntVar(&o.ChangeEvery, "change-every", 0, "change a mailbox at random before every `N`th request to it (default: never)")
	flags.Float64Var(&f.chaos, "chaos", 0, "chance of each kind of fault, in `PERCENT` of the requests that it can hit")
	flags.BoolVar(&f.prepare, "prepare", false, "make all items in advance, so that serving them takes little time")
	flags.DurationVar(&o.Latency, "latency", 0, "time from a request to the beginning of its answer")
	flags.Int64Var(&o.ResponseRate, "response-rate", 0, "rate of each response in bytes a second (default: no limit)")
	jsonFlag(cmd, &f.json, "print JSON objects on stdout")
	return cmd
}

func (a *app) simulate(ctx context.Context, f simulateFlags) error {
	o := f.opts
	if o.Mailboxes < 1 || o.Items < 0 || o.Concurrency < 1 || f.chaos < 0 || f.chaos > 100 {
		return usagef("--mailboxes and --concurrency must be at least 1, --items at least 0, and --chaos between 0 and 100")
	}
	if o.Items == 0 {
		o.Items = -1 // the simulator's zero is its default
	}
	o.RequireToken, o.Chaos.Rate = o.Token != "", int(f.chaos*10)
	sim, err := simulator.New(o)
	if err != nil {
		return usageError{err}
	}
	w := simulated{Mailboxes: sim.Mailboxes()}
	if f.prepare {
		if w.Content, err = prepare(ctx, sim); err != nil {
			return err
		}
	}
	url, stop, err := serve(f.listen, withStats(sim))
	if err != nil {
		return err
	}
	w.URL, w.Stats = url+"/v1.0", url+statsPath
	if err := a.printSimulated(f, w); err != nil {
		return errors.Join(err, stop())
	}
	<-ctx.Done()
	err = stop()
	if f.json {
		err = errors.Join(err, a.printJSON(sim.Stats()))
	}
	return err
}

// simulated describes what a simulation serves.
type simulated struct {
	URL       string              `json:"url"`
	Stats     string              `json:"stats"` // URL of the counts so far
	Mailboxes []simulator.Mailbox `json:"mailboxes"`
	Content   simulator.Content   `json:"content,omitzero"` // if it was prepared
}

const statsPath = "/stats"

// withStats serves a simulation, and its counts at statsPath.
func withStats(sim *simulator.Server) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != statsPath || r.Method != http.MethodGet {
			sim.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(sim.Stats()) // the client may be gone
	})
}

// prepare makes all items in memory. The limit that suits an export would be too low for them.
func prepare(ctx context.Context, sim *simulator.Server) (simulator.Content, error) {
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(math.MaxInt64)
	}
	return sim.Prepare(ctx)
}

func (a *app) printSimulated(f simulateFlags, w simulated) error {
	if f.json {
		return a.printJSON(w)
	}
	o := f.opts
	fmt.Fprintf(a.out, "serving %s of %s, seed %d, on %s and /beta\n", text.Many(int64(o.Mailboxes), "mailbox"), text.Many(int64(o.Items), "item"), o.Seed, w.URL)
	for i, m := range w.Mailboxes {
		if i == shown {
			fmt.Fprintf(a.out, "  and %s more\n", text.Comma(int64(o.Mailboxes-shown)))
			break
		}
		fmt.Fprintf(a.out, "  %s  %s\n", m.ID, m.User)
	}
	if f.prepare {
		fmt.Fprintf(a.out, "prepared %s of %s\n", text.Many(w.Content.Items, "item"), text.Size(w.Content.Bytes))
	}
	fmt.Fprintf(a.out, "counts of requests, items and bytes: %s\n", w.Stats)
	fmt.Fprintf(a.out, "try: mailhaul export --graph-url %s --user %s --repo ./mail\n", w.URL, w.Mailboxes[0].User)
	return nil
}

// serve serves a handler on addr until stop is called. It returns the URL.
func serve(addr string, h http.Handler) (url string, stop func() error, err error) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return "", nil, fmt.Errorf("listen: %w", err)
	}
	server := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	served := make(chan error, 1) // buffered, as stop may never be called
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
