package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"strconv"

	"github.com/mailhaul/mailhaul/simulator"
)

// A simulation is a simulated Graph in a process of its own.
type simulation struct {
	URL       string              `json:"url"`
	Mailboxes []simulator.Mailbox `json:"mailboxes"`
	Content   simulator.Content   `json:"content"`

	cmd    *exec.Cmd
	output *json.Decoder
	cancel context.CancelFunc
}

// simulate starts a scenario's Graph. It has prepared all responses when simulate returns, unless there are too many.
func (o *Options) simulate(ctx context.Context, s *Scenario) (*simulation, error) {
	ctx, cancel := context.WithCancel(ctx)
	cmd := o.program(ctx, []string{"GOMEMLIMIT=off", "GOGC=200"}, o.simulateArgs(s)...)
	tie(cmd)
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		cancel()
		return nil, fmt.Errorf("start the simulator: %w", err)
	}
	sim := &simulation{cmd: cmd, output: json.NewDecoder(out), cancel: cancel}
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

// stop ends the simulation and returns what it was asked for.
func (s *simulation) stop() (simulator.Stats, error) {
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
