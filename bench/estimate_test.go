package bench

import (
	"math"
	"runtime"
	"strings"
	"testing"

	"github.com/mailhaul/mailhaul/pipeline"
)

// measured is a run of 100 s at 20 MB/s with 4,000 requests, which took 20 CPU seconds.
func measured(bottleneck string, allowed int) *Run {
	return &Run{
		Bytes: 2e9, Stored: 1e9, Seconds: 100, User: 20, Requests: 4000, Peak: 250 * mib,
		Reports: []*pipeline.Report{{Bottleneck: bottleneck, Budget: pipeline.Budget{Allowed: allowed}, Requests: 4000, Seconds: 100}},
	}
}

// TestEstimate: what a mailbox needs beyond the requests of ten minutes waits for the next ten; a machine takes as
// many mailboxes as it has cores, bandwidth and memory for.
func TestEstimate(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(2))
	machine := Machine{Cores: 2, Memory: 64 << 30}
	for name, c := range map[string]struct {
		bottleneck string
		allowed    int
		plan       Plan
		longest    float64
		parallel   int
		saturates  string
		budgeted   bool
	}{
		"no budget":            {"graph", 0, Plan{Mailboxes: 100, Gigabytes: 20}, 1000, 10, "cpu", false},
		"a small mailbox":      {"graph", 10_000, Plan{Mailboxes: 100, Gigabytes: 4}, 200, 10, "cpu", false},
		"a large mailbox":      {"graph", 10_000, Plan{Mailboxes: 100, Gigabytes: 15}, 2*600 + 250, 19, "cpu", true},
		"its own bottleneck":   {"compress", 0, Plan{Mailboxes: 100, Gigabytes: 20}, 1000, 10, "cpu", false},
		"the machine's":        {"cpu", 0, Plan{Mailboxes: 100, Gigabytes: 20}, 1000, 1, "cpu", false},
		"the machine's, paced": {"cpu", 10_000, Plan{Mailboxes: 100, Gigabytes: 15}, 2*600 + 250, 1, "cpu", true},
		"the store's":          {"upload", 0, Plan{Mailboxes: 100, Gigabytes: 20}, 1000, 1, "upload", false},
		"the line's":           {"graph", 0, Plan{Mailboxes: 100, Gigabytes: 20, Bandwidth: 35e6}, 1000, 3, "bandwidth", false},
		"few mailboxes":        {"graph", 0, Plan{Mailboxes: 3, Gigabytes: 20}, 1000, 3, "cpu", false},
	} {
		e := c.plan.estimate(measured(c.bottleneck, c.allowed), machine)
		if math.Abs(e.Longest-c.longest) > 1 || e.Parallel != c.parallel || e.Saturates != c.saturates || e.Budgeted != c.budgeted {
			t.Errorf("%s: %+v", name, e)
		}
		if rounds := math.Ceil(float64(c.plan.Mailboxes) / float64(c.parallel)); math.Abs(e.Seconds-rounds*e.Longest) > 1 {
			t.Errorf("%s: %.0f s in all", name, e.Seconds)
		}
		if said := strings.Contains(e.Assumptions[3], "uses up"); said != (c.parallel < c.plan.Mailboxes) {
			t.Errorf("%s: %s", name, e.Assumptions[3])
		}
	}
}

// TestAdvice: more cores are advised where they help, and what was not the export's fault is told.
func TestAdvice(t *testing.T) {
	for _, c := range []struct {
		report pipeline.Report
		cores  float64
		want   string
	}{
		{pipeline.Report{Bottleneck: "cpu"}, 0.95, "more cores"},
		{pipeline.Report{Bottleneck: "cpu"}, 0.3, "had 30 % of them"},
		{pipeline.Report{Bottleneck: "compress"}, 0.2, "more mailboxes at once"},
		{pipeline.Report{Bottleneck: "graph", Requests: 1000, Retries: 50}, 0.2, "50 of 1000 requests failed"},
		{pipeline.Report{Bottleneck: "throttling", Requests: 1000, Retries: 50, Throttled: 50}, 0.2, "holds this mailbox back"},
	} {
		said := strings.Join(advice(&c.report, c.cores), "; ")
		if !strings.Contains(said, c.want) {
			t.Errorf("%+v: %s", c.report, said)
		}
		if strings.Contains(said, "failed and were sent") != (c.report.Retries > c.report.Throttled) {
			t.Errorf("%+v: %s", c.report, said)
		}
	}
}
