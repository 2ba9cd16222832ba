package render_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/mailhaul/mailhaul/bench/render"
	"github.com/mailhaul/mailhaul/bench/report"
	"github.com/mailhaul/mailhaul/pipeline"
)

// forms returns the text of a report in each form but JSON, with single spaces between words.
func forms(t *testing.T, r *report.Report) map[string]string {
	t.Helper()
	_, root := asPage(t, r)
	all := map[string]string{"page": text(root), "text": inText(t, r, render.Style{Width: 1000}), "Markdown": strings.ReplaceAll(inMarkdown(t, r), "|", " ")}
	for form, shown := range all {
		all[form] = strings.Join(strings.Fields(shown), " ")
	}
	return all
}

// wantAll checks that all forms have some words.
func wantAll(t *testing.T, r *report.Report, words ...string) {
	t.Helper()
	for form, shown := range forms(t, r) {
		for _, w := range words {
			if !strings.Contains(shown, w) {
				t.Errorf("%q is missing in the %s:\n%s", w, form, shown)
			}
		}
	}
}

// wantNone checks that no form has some words.
func wantNone(t *testing.T, r *report.Report, words string) {
	t.Helper()
	for form, shown := range forms(t, r) {
		if strings.Contains(shown, words) {
			t.Errorf("%q is in the %s:\n%s", words, form, shown)
		}
	}
}

// scenario returns a report of a scenario with one run of mailhaul.
func scenario(reports ...*pipeline.Report) *report.Report {
	c := sampleContender(report.Mailhaul)
	c.Runs[0].Reports = reports
	return &report.Report{Scenarios: []report.Result{{Scenario: "s", Contenders: []report.Contender{c}}}}
}

// TestNothingChanged checks that a run without bytes has CPU seconds, and no rate.
func TestNothingChanged(t *testing.T) {
	r := scenario()
	s := &r.Scenarios[0]
	s.PackReads = 3
	s.Contenders = append(s.Contenders, report.Contender{Name: "mailhaul, nothing changed", Runs: []report.Run{{Seconds: 1, User: 0.25, System: 0.5}, {Seconds: 1, User: 0.25}}, Peak: one(44 << 20)})
	wantAll(t, r, "mailhaul, nothing changed – – 0.50 (0.25 to 0.75) 44.0 (39.6 to 48.4) 2", "reads of packs to extract one item 3", "mailhaul 50.0 (45.0 to 55.0) 7.90 (7.11 to 8.69) 3.50 200")
	s.PackReads = 0
	wantNone(t, r, "reads of packs")
}

// TestRatios checks that a ratio is the median of the ratios of all repetitions, not the ratio of
// medians, and that it needs all repetitions.
func TestRatios(t *testing.T) {
	runs := func(seconds ...float64) (all []report.Run) {
		for _, s := range seconds {
			all = append(all, report.Run{Bytes: 1e9, Seconds: s, User: s})
		}
		return all
	}
	r := &report.Report{Scenarios: []report.Result{{Scenario: "s", Contenders: []report.Contender{
		{Name: report.Mailhaul, Runs: runs(1, 2, 6), Rate: one(5e8), CPU: one(2)},
		{Name: report.Baseline, Runs: runs(8, 4, 15), Rate: one(1.25e8), CPU: one(8)},
	}}}}
	_, root := asPage(t, r)
	shown := strings.Join(strings.Fields(text(root)), " ")
	for _, want := range []string{"2.50 × throughput of the baseline", "0.40 × CPU time of the baseline", "mailhaul has 2.50 times the throughput of the baseline"} {
		if !strings.Contains(shown, want) {
			t.Errorf("%q is missing on the page:\n%s", want, shown)
		}
	}
	base := &r.Scenarios[0].Contenders[1]
	base.Runs = base.Runs[:2]
	wantNone(t, r, "of the baseline")
}

func TestBottlenecks(t *testing.T) {
	by := func(name string) *pipeline.Report { return &pipeline.Report{Bottleneck: name} }
	wantAll(t, scenario(by("graph")), "bottleneck Graph: workers wait for answers")
	wantAll(t, scenario(by("cpu"), nil, by("cpu")), "bottleneck the CPU: all cores are busy")
	wantAll(t, scenario(by("upload"), by("cpu"), by(""), by("cpu")), "bottleneck the CPU: all cores are busy (2 mailboxes); the stage upload (1 mailbox)")
	wantNone(t, scenario(by("")), "bottleneck")
}

// TestCurvesInTables checks that tables have the points of curves.
func TestCurvesInTables(t *testing.T) {
	r := sample("x")
	r.Tenant = nil
	wantAll(t, r, "scenario x: MB/s by curve x", "requests in flight MB/s", "1 30.0 (27.0 to 33.0)", "4 90.0 (81.0 to 99.0)", "label x 200 (180 to 220) better 50.0 (45.0 to 55.0)")
}

// TestFailedItems checks the number of failed items and the first reason, on one line.
func TestFailedItems(t *testing.T) {
	of := func(source string) *pipeline.Report {
		r := &pipeline.Report{}
		if err := json.Unmarshal([]byte(source), r); err != nil {
			t.Fatal(err)
		}
		return r
	}
	failing := of(`{"failed":2,"failures":[{"code":"ErrorCorruptData","message":"<b>it\nis</b> broken"},{"code":"second"}]}`)
	r := scenario(of(`{}`), nil, failing, of(`{"failed":1}`))
	if s := inMarkdown(t, r); !strings.Contains(s, "| failed, mailhaul | 3 items: ErrorCorruptData: &lt;b&gt;it is&lt;/b&gt; broken |") {
		t.Errorf("the Markdown is\n%s", s)
	}
	r.Tenant = &report.Tenant{Mailbox: "m"}
	if s := inText(t, r, render.Style{}); !strings.Contains(s, "  failed       3 items: ErrorCorruptData: <b>it is</b> broken\n") {
		t.Errorf("the text is\n%s", s)
	}
	source, _ := asPage(t, r)
	if !strings.Contains(source, "<td>failed</td><td>3 items: ErrorCorruptData: &lt;b&gt;it is&lt;/b&gt; broken</td>") {
		t.Errorf("the page is\n%s", source)
	}
	wantAll(t, scenario(of(`{"failures":[{"code":"code"}]}`)), "failed, mailhaul 1 item: code")
	wantAll(t, scenario(of(`{"failed":1}`)), "failed, mailhaul 1 item: –")
	wantNone(t, scenario(of(`{}`)), "failed")
}
