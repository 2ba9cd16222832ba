package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"time"

	"github.com/mailhaul/mailhaul/simulator"
)

// A simulation is a simulated Graph in a process of its own.
type simulation struct {
	URL       string              `json:"url"`
	Stats     string              `json:"stats"` // URL
	Mailboxes []simulator.Mailbox `json:"mailboxes"`
	Content   simulator.Content   `json:"content"`

	cmd    *exec.Cmd
	output *json.Decoder
	cancel context.CancelFunc
	client http.Client
}

// statsPatience is how long the simulation may take to report what was requested of it. It shares
// its processors with what is measured.
const statsPatience = time.Minute

// simulate starts a scenario's Graph. It has prepared all responses when simulate returns, unless there are too many.
func (o *Options) simulate(ctx context.Context, s *Scenario) (*simulation, error) {
	running, cancel := context.WithCancel(ctx)
	cmd := o.program(running, []string{"GOMEMLIMIT=off", "GOGC=200"}, o.simulateArgs(s)...)
	tie(cmd)
	kill := cmd.Cancel
	cmd.Cancel = func() error {
		if ctx.Err() != nil {
			return kill()
		}
		return cmd.Process.Signal(os.Interrupt) // it has to tell what it was asked for
	}
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		cancel()
		return nil, fmt.Errorf("start the simulator: %w", err)
	}
	sim := &simulation{cmd: cmd, output: json.NewDecoder(out), cancel: cancel, client: http.Client{Transport: &http.Transport{}, Timeout: statsPatience}}
	if err := sim.output.Decode(sim); err != nil {
		cancel()
		return nil, fmt.Errorf("start the simulator: %w", errors.Join(err, cmd.Wait()))
	}
	return sim, nil
}

func (o *Options) simulateArgs(s *Scenario) []string {
	args := []string{
		"simulate", "--json", "--listen", "127.0.0.1:0", "--seed", strconv.FormatUint(o.Seed, 10),
		"--mailboxes", strconv.Itoa(max(1, s.Mailboxes)), "--items", strconv.Itoa(s.Items),
		"--item-size", strconv.FormatInt(s.ItemSize, 10),
		"--min-item-size", strconv.FormatInt(s.MinItemSize, 10), "--max-item-size", strconv.FormatInt(s.MaxItemSize, 10),
		"--latency", s.Latency.String(), "--response-rate", strconv.FormatInt(s.ResponseRate, 10),
	}
	if !s.Unprepared {
		args = append(args, "--prepare")
	}
	return args
}

// handedOut returns what fills in the items and bytes that the simulated Graph hands out from now on.
// Where the simulation does not answer, they are those of the sample before.
func (s *simulation) handedOut(ctx context.Context) func(*Sample) bool {
	before, err := s.stats(ctx)
	last := before
	return func(m *Sample) bool {
		now, nowErr := s.stats(ctx)
		if nowErr == nil {
			last = now
		}
		m.Items, m.Bytes = last.Items-before.Items, last.Bytes-before.Bytes
		return err == nil && nowErr == nil
	}
}

// stats asks the simulation what it was asked for so far.
func (s *simulation) stats(ctx context.Context) (stats simulator.Stats, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.Stats, nil)
	if err != nil {
		return stats, err
	}
	resp, err := s.client.Do(req)
	if err != nil {
		return stats, err
	}
	return stats, errors.Join(json.NewDecoder(resp.Body).Decode(&stats), resp.Body.Close())
}

// stop ends the simulation and returns what it was asked for.
func (s *simulation) stop() (simulator.Stats, error) {
	s.client.CloseIdleConnections()
	s.cancel() // interrupts it
	var stats simulator.Stats
	err := s.output.Decode(&stats)
	_ = s.cmd.Wait() // it was interrupted
	if err != nil {
		err = fmt.Errorf("stop the simulator: %w", err)
	}
	return stats, err
}

// options are those of the simulator that simulate runs.
func (s *Scenario) options(seed uint64) simulator.Options {
	return simulator.Options{
		Seed: seed, Mailboxes: s.Mailboxes, Items: s.Items, ItemSize: s.ItemSize, MinItemSize: s.MinItemSize, MaxItemSize: s.MaxItemSize,
	}
}
