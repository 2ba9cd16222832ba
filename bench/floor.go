package bench

// perGB is what a stage takes of CPU time.
func (r *StageRun) perGB() float64 { return perGB(r.CPU, r.Bytes) }

// inFloor returns the indices of the stages that the floor is the sum of: of the ways to decode the cheaper, the level that
// mailhaul uses, and no upload if that goes nowhere.
func (r *StageReport) inFloor(s Store) map[int]bool {
	in := map[int]bool{}
	decode := -1
	for i := range r.Stages {
		stage := &r.Stages[i]
		switch {
		case stage.Name == stageDecode:
			if decode < 0 || stage.perGB() < r.Stages[decode].perGB() {
				decode = i
			}
		case stage.Name == stageCompress && stage.Variant != ours, stage.Name == stageUpload && s == StoreNowhere:
		default:
			in[i] = true
		}
	}
	if decode >= 0 {
		in[decode] = true
	}
	return in
}

// floor returns the CPU seconds per GB that the stages take together.
func (r *StageReport) floor(s Store) float64 {
	sum := 0.0
	for i := range r.inFloor(s) {
		sum += r.Stages[i].perGB()
	}
	return sum
}

// stageCosts sums repetitions up. What was measured in some of them only comes from those.
func stageCosts(reports []*StageReport, s Store) []StageCost {
	var costs []StageCost
	first := reports[0]
	in := first.inFloor(s)
	for i, stage := range first.Stages {
		var values []float64
		for _, r := range reports {
			for k := range r.Stages {
				if other := &r.Stages[k]; other.Name == stage.Name && other.Variant == stage.Variant {
					values = append(values, other.perGB())
				}
			}
		}
		cost := StageCost{Name: stage.Name, Variant: stage.Variant, CPU: spreadOf(values), Floor: in[i]}
		if stage.Out > 0 && stage.Bytes > 0 {
			cost.Ratio = float64(stage.Out) / float64(stage.Bytes)
		}
		costs = append(costs, cost)
	}
	return costs
}
