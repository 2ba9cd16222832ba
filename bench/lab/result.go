package lab

import (
	"slices"

	"github.com/mailhaul/mailhaul/bench/lab/yardstick"
	"github.com/mailhaul/mailhaul/bench/report"
	"github.com/mailhaul/mailhaul/simulator"
)

// result summarizes the runs. stats are those of the simulated Graph.
func (m *measurement) result(stats simulator.Stats) report.Result {
	s := &m.scenario
	r := report.Result{
		Scenario: s.Name, What: s.What, Store: string(s.Store), Workload: m.workload,
		Curves: m.curves, PackReads: m.packReads, Ceiling: m.ceiling(stats),
	}
	names := slices.DeleteFunc(m.names, func(n string) bool { return n == report.Mailhaul })
	for _, name := range append([]string{report.Mailhaul}, names...) {
		r.Contenders = append(r.Contenders, report.NewContender(name, m.runs[name]))
	}
	if len(m.stages) > 0 {
		m.addStages(&r)
	}
	return r
}

// addStages adds the floor and the efficiency, which compares the stages and mailhaul of the same
// repetition.
func (m *measurement) addStages(r *report.Result) {
	upload := m.scenario.Store != StoreNowhere
	r.Stages = yardstick.StageCosts(m.stages, upload)
	r.Stream = m.stages[0].Stream
	if c, ok := yardstick.LevelCurve(r.Stages); ok {
		r.Curves = append(r.Curves, c)
	}
	var floors, efficiencies []float64
	for i, s := range m.stages {
		floor := s.Floor(upload)
		floors = append(floors, floor)
		efficiencies = append(efficiencies, floor/m.runs[report.Mailhaul][i].CPUPerGB())
	}
	floor, efficiency := report.Summarize(floors), report.Summarize(efficiencies)
	r.Floor, r.Efficiency = &floor, &efficiency
}

// ceiling returns the bytes a second that the simulated limits allow; 0 if there are none. Then all
// requests in flight are busy all the time, with the lists that were requested, as few exports as
// the items need, and the bytes that were sent.
func (m *measurement) ceiling(stats simulator.Stats) float64 {
	s := &m.scenario
	if s.ResponseRate == 0 {
		return 0
	}
	runs := float64(len(m.runs[report.Mailhaul]))
	lists := float64(stats.Total() - stats.Requests[simulator.OpExport])
	exports := runs * float64((m.workload.Items+yardstick.BatchSize-1)/yardstick.BatchSize)
	busy := (lists+exports)*s.Latency.Seconds() + float64(stats.Sent)/float64(s.ResponseRate)
	return float64(m.workload.Bytes) * runs / (busy / yardstick.InFlight)
}
