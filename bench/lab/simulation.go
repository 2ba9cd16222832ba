package lab

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"time"

	"github.com/mailhaul/mailhaul/bench/report"
	"github.com/mailhaul/mailhaul/simulator"
)

// A simulation is a simulated Graph in a process of its own. The exported fields are what the
// process prints when it serves.
type simulation struct {
	URL       string              `json:"url"`
	StatsURL  string              `json:"stats"`
	Mailboxes []simulator.Mailbox `json:"mailboxes"`
	Content   simulator.Content   `json:"content"`

	cmd    *exec.Cmd
	output *json.Decoder
	cancel context.CancelFunc
	client http.Client
}

// statsTimeout is generous: the simulation shares processors with the contenders.
const statsTimeout = time.Minute

// startSimulation starts a scenario's Graph and returns when it has prepared all responses.
func startSimulation(ctx context.Context, o *Options, s *Scenario) (*simulation, error) {
	running, cancel := context.WithCancel(ctx)
	cmd := o.mailhaul(running, []string{"GOMEMLIMIT=off", "GOGC=200"}, s.simulateArgs(o.Seed)...)
	killWithContext(cmd)
	kill := cmd.Cancel
	cmd.Cancel = func() error {
		if ctx.Err() != nil {
			return kill()
		}
		return cmd.Process.Signal(os.Interrupt) // it prints its statistics and ends
	}
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		cancel()
		return nil, fmt.Errorf("start the simulator: %w", err)
	}
	sim := &simulation{cmd: cmd, output: json.NewDecoder(out), cancel: cancel, client: http.Client{Transport: &http.Transport{}, Timeout: statsTimeout}}
	if err := sim.output.Decode(sim); err != nil {
		cancel()
		return nil, fmt.Errorf("start the simulator: %w", errors.Join(err, cmd.Wait()))
	}
	return sim, nil
}

// progress returns a function that sets the items and bytes of a sample to those that the simulated
// Graph has sent since now. If Graph does not answer, they are those of the last sample, and the
// function returns false.
func (s *simulation) progress(ctx context.Context) func(*report.Sample) bool {
	start, startErr := s.stats(ctx)
	last := start
	return func(m *report.Sample) bool {
		stats, err := s.stats(ctx)
		if err == nil {
			last = stats
		}
		m.Items, m.Bytes = last.Items-start.Items, last.Bytes-start.Bytes
		return startErr == nil && err == nil
	}
}

func (s *simulation) stats(ctx context.Context) (stats simulator.Stats, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.StatsURL, nil)
	if err != nil {
		return stats, err
	}
	resp, err := s.client.Do(req)
	if err != nil {
		return stats, err
	}
	return stats, errors.Join(json.NewDecoder(resp.Body).Decode(&stats), resp.Body.Close())
}

// stop ends the simulation and returns its statistics.
func (s *simulation) stop() (simulator.Stats, error) {
	s.client.CloseIdleConnections()
	s.cancel()
	var stats simulator.Stats
	err := s.output.Decode(&stats)
	_ = s.cmd.Wait() // it was interrupted
	if err != nil {
		err = fmt.Errorf("stop the simulator: %w", err)
	}
	return stats, err
}
