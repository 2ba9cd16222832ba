package lab

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

	"github.com/mailhaul/mailhaul/bench/internal/machine"
	"github.com/mailhaul/mailhaul/bench/report"
)

// waitDelay is how long to wait for a killed process, and for those that hold its output.
var waitDelay = 10 * time.Second

// killWithContext makes a command that is killed when its context ends: nothing that it writes is
// kept. Where the system supports it, it is also killed when this process ends.
func killWithContext(cmd *exec.Cmd) {
	cmd.Cancel = func() error { return cmd.Process.Kill() }
	cmd.WaitDelay = waitDelay
	killWithParent(cmd)
}

// run runs a command to its end. It returns what the command printed, and its usage as a run
// without counts. progress, if not nil, adds to the samples: see machine.Sample.
func run(cmd *exec.Cmd, progress func(*report.Sample) bool) (stdout []byte, r report.Run, err error) {
	killWithContext(cmd)
	var out, log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &log
	start := time.Now()
	if err := cmd.Start(); err != nil {
		return nil, r, fmt.Errorf("start %s: %w", displayName(cmd), err)
	}
	stopSampling := machine.Sample(cmd.Process.Pid, start, progress)
	err = cmd.Wait()
	r = report.Run{
		Seconds: time.Since(start).Seconds(), Samples: stopSampling(),
		User: cmd.ProcessState.UserTime().Seconds(), System: cmd.ProcessState.SystemTime().Seconds(), Peak: machine.Peak(cmd.ProcessState),
	}
	if err != nil {
		err = fmt.Errorf("run %s: %w: %s", displayName(cmd), err, tail(log.String()))
	}
	return out.Bytes(), r, err
}

// displayName returns the arguments of a command before its flags, which may hold secrets.
func displayName(cmd *exec.Cmd) string {
	args := cmd.Args[1:]
	if i := slices.IndexFunc(args, func(a string) bool { return strings.HasPrefix(a, "-") }); i >= 0 {
		args = args[:i]
	}
	return strings.Join(args, " ")
}

// tail returns the end of a log.
func tail(log string) string {
	const limit = 1000
	log = strings.TrimSpace(log)
	return log[max(0, len(log)-limit):]
}

// environment returns settings of the form NAME=VALUE, and the environment of this process without
// variables that change what a contender does.
func environment(settings ...string) []string {
	prefixes := []string{"AWS_", "MAILHAUL_", "AZURE_", "RESTIC_", "GOMAXPROCS=", "GOMEMLIMIT=", "GOGC="}
	env := slices.DeleteFunc(os.Environ(), func(v string) bool {
		return slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(v, p) })
	})
	return append(env, settings...)
}

// mailhaul returns a command of mailhaul.
func (o *Options) mailhaul(ctx context.Context, env []string, args ...string) *exec.Cmd {
	cmd := o.Command(ctx, args...)
	cmd.Env = append(environment(env...), cmd.Env...)
	return cmd
}

// contenderEnv returns the environment of a contender. Later settings override earlier ones.
func (o *Options) contenderEnv(env ...[]string) []string {
	var all []string
	if o.Cores > 0 {
		all = append(all, "GOMAXPROCS="+strconv.Itoa(o.Cores))
	}
	return append(all, slices.Concat(env...)...)
}
