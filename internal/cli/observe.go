package cli

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/pprof"
	"os"
	runtimepprof "runtime/pprof"
	"runtime/trace"
	"slices"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/spf13/cobra"

	"github.com/mailhaul/mailhaul/internal/cli/internal/observe"
)

// observeFlags enable profiles and metrics of long work.
type observeFlags struct {
	cpuProfile, trace, metrics string
}

// observed adds observeFlags to a command.
func (a *app) observed(cmd *cobra.Command) *cobra.Command {
	var f observeFlags
	flags := cmd.Flags()
	flags.StringVar(&f.cpuProfile, "cpuprofile", "", "write a CPU profile to `FILE`, for go tool pprof")
	flags.StringVar(&f.trace, "trace", "", "write an execution trace to `FILE`, for go tool trace")
	flags.StringVar(&f.metrics, "metrics", "", "serve Prometheus metrics at /metrics and profiles at /debug/pprof/ on `ADDR`: a port, or host:port (default host: loopback)")
	work := cmd.RunE
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		stop, err := a.observe(&f)
		if err != nil {
			return err
		}
		err = work(cmd, args)
		if stopErr := stop(); stopErr != nil {
			return errors.Join(err, stopErr)
		}
		return err
	}
	return cmd
}

// observe starts the profiles and metrics of the flags, until stop is called.
func (a *app) observe(f *observeFlags) (stop func() error, err error) {
	var stops []func() error
	stop = func() error {
		var errs []error
		for _, stop := range slices.Backward(stops) {
			errs = append(errs, stop())
		}
		return errors.Join(errs...)
	}
	for _, s := range []struct {
		value string
		start func(value string) (stop func() error, err error)
	}{{f.cpuProfile, profileCPU}, {f.trace, traceExecution}, {f.metrics, a.serveMetrics}} {
		if s.value == "" {
			continue
		}
		end, err := s.start(s.value)
		if err != nil {
			return nil, errors.Join(usageError{err}, stop())
		}
		stops = append(stops, end)
	}
	return stop, nil
}

func profileCPU(name string) (stop func() error, err error) {
	f, err := os.Create(name)
	if err != nil {
		return nil, fmt.Errorf("CPU profile: %w", err)
	}
	if err := runtimepprof.StartCPUProfile(f); err != nil {
		return nil, errors.Join(fmt.Errorf("CPU profile: %w", err), f.Close())
	}
	return func() error { runtimepprof.StopCPUProfile(); return f.Close() }, nil
}

func traceExecution(name string) (stop func() error, err error) {
	f, err := os.Create(name)
	if err != nil {
		return nil, fmt.Errorf("execution trace: %w", err)
	}
	if err := trace.Start(f); err != nil {
		return nil, errors.Join(fmt.Errorf("execution trace: %w", err), f.Close())
	}
	return func() error { trace.Stop(); return f.Close() }, nil
}

// serveMetrics serves profiles and the metrics of measure. It does not serve the command line,
// which may have secrets.
func (a *app) serveMetrics(addr string) (stop func() error, err error) {
	a.metrics = prometheus.NewRegistry()
	a.metrics.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	mux := http.NewServeMux()
	mux.Handle("/metrics", promhttp.HandlerFor(a.metrics, promhttp.HandlerOpts{}))
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	url, stop, err := serve(metricsAddr(addr), mux)
	if err != nil {
		return nil, fmt.Errorf("metrics: %w", err)
	}
	a.log.Info("metrics are served", "url", url+"/metrics", "profiles", url+"/debug/pprof/")
	return stop, nil
}

// metricsAddr returns the address to listen on, which is on loopback unless a host is given.
func metricsAddr(addr string) string {
	if !strings.Contains(addr, ":") {
		addr = ":" + addr
	}
	if host, port, err := net.SplitHostPort(addr); err == nil && host == "" {
		return net.JoinHostPort("127.0.0.1", port)
	}
	return addr
}

// startProgress shows a state again and again, until Stop is called.
func (a *app) startProgress(now observe.State) *observe.Progress {
	return a.console.StartProgress(a.log, now)
}

// measure registers metrics, if they are served, until end is called.
func (a *app) measure(c prometheus.Collector) (end func()) {
	if a.metrics == nil {
		return func() {}
	}
	a.metrics.MustRegister(c)
	return func() { a.metrics.Unregister(c) }
}
