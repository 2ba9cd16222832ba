package bench

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"time"
)

// usage is what a process took.
type usage struct {
	seconds, user, system float64
	peak                  int64
	samples               []Sample
}

// into puts what the process took into a run.
func (u *usage) into(r *Run) {
	r.Seconds, r.User, r.System, r.Peak, r.Samples = u.seconds, u.user, u.system, u.peak, u.samples
}

// stopPatience is how long a process may take to end that was asked to, and those that hold its output once it has ended.
var stopPatience = 10 * time.Second

// tie has a process be killed when the context ends, for nothing that it makes is kept, and, where the system can do so, when this
// process does.
func tie(cmd *exec.Cmd) {
	cmd.Cancel = func() error { return cmd.Process.Kill() }
	cmd.WaitDelay = stopPatience
	endWithParent(cmd)
}

// run runs a process to its end and returns what it printed and what it took. What else its samples tell is filled in by
// look, which may be nil and reports whether it could.
func run(cmd *exec.Cmd, look func(*Sample) bool) (stdout []byte, u usage, err error) {
	tie(cmd)
	var out, log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &log
	start := time.Now()
	if err := cmd.Start(); err != nil {
		return nil, usage{}, fmt.Errorf("start %s: %w", name(cmd), err)
	}
	samples := sample(cmd.Process.Pid, start, look)
	err = cmd.Wait()
	u = usage{
		seconds: time.Since(start).Seconds(), samples: samples(),
		user: cmd.ProcessState.UserTime().Seconds(), system: cmd.ProcessState.SystemTime().Seconds(), peak: peak(cmd.ProcessState),
	}
	if err != nil {
		err = fmt.Errorf("run %s: %w: %s", name(cmd), err, lastLines(log.String()))
	}
	return out.Bytes(), u, err
}

// name returns what a process does: its first arguments, without those that may name places.
func name(cmd *exec.Cmd) string {
	words := []string{}
	for _, a := range cmd.Args[1:] {
		if strings.HasPrefix(a, "-") {
			break
		}
		words = append(words, a)
	}
	return strings.Join(words, " ")
}

// lastLines returns the end of a log.
func lastLines(log string) string {
	const most = 1000
	log = strings.TrimSpace(log)
	return log[max(0, len(log)-most):]
}

// environment returns this process's environment without what could lead a measured program elsewhere, and with
// settings of the form NAME=VALUE.
func environment(settings ...string) []string {
	drop := []string{"AWS_", "MAILHAUL_", "AZURE_", "RESTIC_", "GOMAXPROCS=", "GOMEMLIMIT=", "GOGC="}
	var env []string
	for _, v := range os.Environ() {
		dropped := false
		for _, prefix := range drop {
			dropped = dropped || strings.HasPrefix(v, prefix)
		}
		if !dropped {
			env = append(env, v)
		}
	}
	return append(env, settings...)
}

// unlimited is Go's own memory management, for programs that mailhaul's bounds are not made for.
var unlimited = []string{"GOMEMLIMIT=off", "GOGC=100"}

// program returns a command of mailhaul in a process of its own.
func (o *Options) program(ctx context.Context, env []string, args ...string) *exec.Cmd {
	cmd := o.Command(ctx, args...)
	cmd.Env = append(environment(env...), cmd.Env...)
	return cmd
}

// contender is the environment of a program that is measured; what comes later in it goes before.
func (o *Options) contender(env ...[]string) []string {
	var all []string
	if o.Cores > 0 {
		all = append(all, "GOMAXPROCS="+strconv.Itoa(o.Cores))
	}
	return append(all, slices.Concat(env...)...)
}
