package yardstick

import (
	"fmt"
	"slices"

	"github.com/mailhaul/mailhaul/bench/report"
)

// A StageReport is the result of [Stages].
type StageReport struct {
	Items  int64      `json:"items"`
	Bytes  int64      `json:"bytes"`
	Stages []StageRun `json:"stages"`
	Stream int64      `json:"stream"` // bytes of one zstd stream over all items, at mailhaul's level
}

// A StageRun is what one stage took.
type StageRun struct {
	Name    string  `json:"name"`
	Variant string  `json:"variant,omitempty"`
	CPU     float64 `json:"cpu"`           // seconds
	Bytes   int64   `json:"bytes"`         // of input, as FastTransfer bytes
	Out     int64   `json:"out,omitempty"` // bytes of output; 0 if they are the input
}

// perGB returns CPU seconds per GB.
func (r *StageRun) perGB() float64 {
	if r.Bytes == 0 {
		return 0
	}
	return r.CPU / float64(r.Bytes) * 1e9
}

// Add adds what the same stages took in another process. Stages that only the receiver has stay as
// they are.
func (r *StageReport) Add(other *StageReport) {
	for i := range r.Stages {
		to := &r.Stages[i]
		if from := other.find(to.Name, to.Variant); from != nil {
			to.CPU, to.Bytes, to.Out = to.CPU+from.CPU, to.Bytes+from.Bytes, to.Out+from.Out
		}
	}
}

// find returns a stage's run; nil if there is none.
func (r *StageReport) find(name, variant string) *StageRun {
	i := slices.IndexFunc(r.Stages, func(s StageRun) bool { return s.Name == name && s.Variant == variant })
	if i < 0 {
		return nil
	}
	return &r.Stages[i]
}

// Floor returns the CPU seconds per GB of all stages together. It has of the decoders the cheaper
// one, of the levels mailhaul's, and upload only if the export has a store.
func (r *StageReport) Floor(upload bool) float64 {
	sum := 0.0
	for i := range r.inFloor(upload) {
		sum += r.Stages[i].perGB()
	}
	return sum
}

// inFloor returns the indices of the stages in the floor.
func (r *StageReport) inFloor(upload bool) map[int]bool {
	in := map[int]bool{}
	decode := -1
	for i := range r.Stages {
		stage := &r.Stages[i]
		switch {
		case stage.Name == stageDecode:
			if decode < 0 || stage.perGB() < r.Stages[decode].perGB() {
				decode = i
			}
		case stage.Name == stageCompress && stage.Variant != ownLevel, stage.Name == stageUpload && !upload:
		default:
			in[i] = true
		}
	}
	if decode >= 0 {
		in[decode] = true
	}
	return in
}

// StageCosts summarizes repetitions, of which the first has all stages.
func StageCosts(reports []*StageReport, upload bool) []report.StageCost {
	var costs []report.StageCost
	first := reports[0]
	in := first.inFloor(upload)
	for i, stage := range first.Stages {
		var values []float64
		for _, r := range reports {
			if run := r.find(stage.Name, stage.Variant); run != nil {
				values = append(values, run.perGB())
			}
		}
		cost := report.StageCost{Name: stage.Name, Variant: stage.Variant, CPU: report.Summarize(values), Floor: in[i]}
		if stage.Out > 0 && stage.Bytes > 0 {
			cost.Ratio = float64(stage.Out) / float64(stage.Bytes)
		}
		costs = append(costs, cost)
	}
	return costs
}

// LevelCurve returns the rate of each level of zstd on one core, and whether levels other than
// mailhaul's were measured.
func LevelCurve(costs []report.StageCost) (report.Curve, bool) {
	c := report.Curve{Name: "levels of zstd", X: fmt.Sprintf("level (best: of the first %d MiB)", bestBytes>>20), Y: "MB/s of one core"}
	for _, s := range costs {
		if s.Name != stageCompress || s.Variant == ownLevel {
			continue
		}
		rate := report.Spread{Median: 1000 / s.CPU.Median, Min: 1000 / s.CPU.Max, Max: 1000 / s.CPU.Min}
		c.Points = append(c.Points, report.Point{X: float64(len(c.Points) + 1), Label: s.Variant, Y: rate})
	}
	return c, len(c.Points) > 0
}
