package bench

import (
	"math"
	"runtime"
	"strings"
	"testing"

	"github.com/mailhaul/mailhaul/bench/report"
	"github.com/mailhaul/mailhaul/pipeline"
)

// measuredRun is a run of 100 s at 20 MB/s with 4,000 requests, which took 20 CPU seconds.
func measuredRun(bottleneck string, budget int) *report.Run {
	return &report.Run{
		Bytes: 2e9, Stored: 1e9, Seconds: 100, User: 20, Requests: 4000, Peak: 250 << 20,
		Reports: []*pipeline.Report{{Bottleneck: bottleneck, Budget: pipeline.Budget{Allowed: budget}, Requests: 4000, Seconds: 100}},
	}
}

// TestEstimate checks how Graph's budget prolongs an export, and what limits the mailboxes at a
// time.
func TestEstimate(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(2))
	machine := report.Machine{Cores: 2, Memory: 64 << 30}
	for name, c := range map[string]struct {
		bottleneck  string
		budget      int
		plan        Plan
		longest     float64
		parallel    int
		limit       string
		budgetBound bool
	}{
		"no budget":                  {"graph", 0, Plan{Mailboxes: 100, Gigabytes: 20}, 1000, 10, "cpu", false},
		"a small mailbox":            {"graph", 10_000, Plan{Mailboxes: 100, Gigabytes: 4}, 200, 10, "cpu", false},
		"a large mailbox":            {"graph", 10_000, Plan{Mailboxes: 100, Gigabytes: 15}, 2*600 + 250, 19, "cpu", true},
		"bottleneck of a mailbox":    {"compress", 0, Plan{Mailboxes: 100, Gigabytes: 20}, 1000, 10, "cpu", false},
		"bottleneck of the machine":  {"cpu", 0, Plan{Mailboxes: 100, Gigabytes: 20}, 1000, 1, "cpu", false},
		"the machine and the budget": {"cpu", 10_000, Plan{Mailboxes: 100, Gigabytes: 15}, 2*600 + 250, 1, "cpu", true},
		"bottleneck of the store":    {"upload", 0, Plan{Mailboxes: 100, Gigabytes: 20}, 1000, 1, "upload", false},
		"bandwidth":                  {"graph", 0, Plan{Mailboxes: 100, Gigabytes: 20, Bandwidth: 35e6}, 1000, 3, "bandwidth", false},
		"few mailboxes":              {"graph", 0, Plan{Mailboxes: 3, Gigabytes: 20}, 1000, 3, "cpu", false},
	} {
		e := c.plan.estimate(measuredRun(c.bottleneck, c.budget), machine)
		if math.Abs(e.Longest-c.longest) > 1 || e.Parallel != c.parallel || e.ParallelLimit != c.limit || e.BudgetBound != c.budgetBound {
			t.Errorf("%s: %+v", name, e)
		}
		if rounds := math.Ceil(float64(c.plan.Mailboxes) / float64(c.parallel)); math.Abs(e.Seconds-rounds*e.Longest) > 1 {
			t.Errorf("%s: %.0f s for all mailboxes", name, e.Seconds)
		}
		if got := strings.Contains(e.Assumptions[3], "uses up"); got != (c.parallel < c.plan.Mailboxes) {
			t.Errorf("%s: %s", name, e.Assumptions[3])
		}
	}
}

// TestAdvice checks the advice for bottlenecks, and for requests that failed or were throttled.
func TestAdvice(t *testing.T) {
	for _, c := range []struct {
		report pipeline.Report
		cores  float64
		want   string
	}{
		{pipeline.Report{Bottleneck: "cpu"}, 0.95, "more cores"},
		{pipeline.Report{Bottleneck: "cpu"}, 0.3, "got 30 % of them"},
		{pipeline.Report{Bottleneck: "compress"}, 0.2, "more mailboxes at a time"},
		{pipeline.Report{Bottleneck: "graph", Requests: 1000, Retries: 50}, 0.2, "50 of 1000 requests failed"},
		{pipeline.Report{Bottleneck: "throttling", Requests: 1000, Retries: 50, Throttled: 50}, 0.2, "throttles this mailbox"},
	} {
		got := strings.Join(advice(&c.report, c.cores), "; ")
		if !strings.Contains(got, c.want) {
			t.Errorf("%+v: %s", c.report, got)
		}
		if strings.Contains(got, "failed and were sent") != (c.report.Retries > c.report.Throttled) {
			t.Errorf("%+v: %s", c.report, got)
		}
	}
}

func TestDisplayURL(t *testing.T) {
	for storeURL, want := range map[string][2]string{
		"": {"nowhere", ""}, "./mail": {"file", "./mail"}, "file:///mail": {"file", "file:///mail"},
		"s3://key:secret@bucket/mail?sse_c_key=secret#secret": {"s3", "s3://bucket/mail"},
	} {
		if got := [2]string{storeKind(storeURL), displayURL(storeURL)}; got != want {
			t.Errorf("%s: %q, want %q", storeURL, got, want)
		}
	}
}
