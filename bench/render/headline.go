package render

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/mailhaul/mailhaul/bench/report"
)

// A headline is one of the figures at the head of a page.
type headline struct{ Value, Unit, What string }

// headlines returns the headlines that the report has figures for.
func headlines(r *report.Report) []headline {
	if r.Tenant != nil {
		return tenantHeadlines(r)
	}
	var all []headline
	s := leading(r.Scenarios)
	if s == nil {
		return nil
	}
	name := plain(s.Scenario)
	if e := s.Efficiency; e != nil && finite(e.Median) {
		all = append(all, headline{number(e.Median), "", "efficiency (" + name + "): floor ÷ CPU time used"})
	}
	all = append(all, ratios(r.Scenarios)...)
	if len(s.Contenders) > 0 {
		c := &s.Contenders[0]
		all = append(all, headline{number(c.Rate.Median / mb), "MB/s", "throughput (" + name + ")"})
		if c.Peak.Max > 0 {
			all = append(all, headline{number(c.Peak.Max / mib), "MiB", "peak memory (" + name + ")"})
		}
	}
	return all
}

// leading returns the scenario of the headlines: the first with an efficiency, or the first.
func leading(all []report.Result) *report.Result {
	if len(all) == 0 {
		return nil
	}
	i := slices.IndexFunc(all, func(s report.Result) bool { return s.Efficiency != nil })
	return &all[max(i, 0)]
}

// ratios compares mailhaul with the baseline, in the scenario that stores in S3 if there is one.
func ratios(all []report.Result) []headline {
	for _, s := range all {
		i := slices.IndexFunc(s.Contenders, func(c report.Contender) bool { return c.Name == report.Baseline })
		if i < 1 || s.Store != "s3" && hasS3Baseline(all) {
			continue
		}
		var found []headline
		ours, base := &s.Contenders[0], &s.Contenders[i]
		if ratio, ok := report.Ratio(ours.Runs, base.Runs, (*report.Run).Rate); ok {
			found = append(found, headline{number(ratio), "×", "throughput of the baseline (" + plain(s.Scenario) + ")"})
		}
		if ratio, ok := report.Ratio(ours.Runs, base.Runs, (*report.Run).CPUPerGB); ok {
			found = append(found, headline{number(ratio), "×", "CPU time of the baseline (" + plain(s.Scenario) + ")"})
		}
		return found
	}
	return nil
}

func hasS3Baseline(all []report.Result) bool {
	return slices.ContainsFunc(all, func(s report.Result) bool {
		return s.Store == "s3" && slices.ContainsFunc(s.Contenders, func(c report.Contender) bool { return c.Name == report.Baseline })
	})
}

func tenantHeadlines(r *report.Report) []headline {
	t, run := r.Tenant, tenantRun(r)
	if run == nil || run.Seconds <= 0 {
		return nil
	}
	all := []headline{
		{number(run.Rate() / mb), "MB/s", "decoded, of one mailbox"},
		{number(float64(run.Items) / run.Seconds), "items/s", fmt.Sprintf("%s items in %s", count(run.Items), seconds(run.Seconds))},
	}
	if run.Stored > 0 {
		all = append(all, headline{number(float64(run.Bytes) / float64(run.Stored)), ": 1", "compression"})
	}
	all = append(all, headline{orNone(plain(t.Bottleneck)), "", "bottleneck"})
	if e := t.Estimate; e != nil {
		all = append(all, headline{seconds(e.Seconds), "", fmt.Sprintf("estimate for %s of %s", mailboxes(e.Mailboxes), size(float64(e.Bytes)))})
	}
	return all
}

// title returns the result of a report in one line.
func title(r *report.Report) string {
	if t := r.Tenant; t != nil {
		name := t.User
		if name == "" {
			name = t.Mailbox
		}
		if t.Bottleneck == "" {
			return "The mailbox of " + plain(name)
		}
		return fmt.Sprintf("The bottleneck of the mailbox of %s is %s", plain(name), plain(bottleneckWords(t.Bottleneck)))
	}
	switch {
	case len(r.Goals) > 0:
		return goalsTitle(r.Goals)
	case len(r.Scenarios) == 0 && len(r.Failed) > 0:
		return fmt.Sprintf("Nothing was measured: %s", several(int64(len(r.Failed)), "failure"))
	}
	return "How fast mailhaul is"
}

// goalsTitle counts the goals that were reached, of those that were not left out.
func goalsTitle(rows []report.Goal) string {
	reached, all := 0, 0
	for _, row := range rows {
		if row.Outcome != report.LeftOut {
			all++
		}
		if row.Outcome == report.Pass {
			reached++
		}
	}
	if all == 0 {
		return fmt.Sprintf("None of %d goals was measured", len(rows))
	}
	title := fmt.Sprintf("mailhaul reaches %d of %d goals", reached, all)
	if out := len(rows) - all; out > 0 {
		title += fmt.Sprintf(", %d left out", out)
	}
	return title
}

// about returns when and where the report was made, as pairs of a name and a text.
func about(r *report.Report) [][2]string {
	m := &r.Machine
	machine := fmt.Sprintf("%s/%s, %d cores", m.OS, m.Arch, m.Cores)
	if m.CPU != "" {
		machine += ", " + m.CPU
	}
	if m.Memory > 0 {
		machine += fmt.Sprintf(", %.0f GiB", float64(m.Memory)/(1<<30))
	}
	var versions []string
	for _, name := range slices.Sorted(maps.Keys(r.Versions)) {
		v := strings.TrimPrefix(strings.TrimPrefix(r.Versions[name], name+" "), name)
		versions = append(versions, strings.TrimSpace(name+" "+v))
	}
	when := day(r.Started) + ", took " + seconds(r.Seconds)
	if r.Seed > 0 {
		when += fmt.Sprintf(", seed %d", r.Seed)
	}
	pairs := [][2]string{{"measured", when}, {"machine", plain(machine)}}
	if len(versions) > 0 {
		pairs = append(pairs, [2]string{"versions", plain(strings.Join(versions, "; "))})
	}
	if r.Command != "" {
		pairs = append(pairs, [2]string{"command", plain(r.Command)})
	}
	return pairs
}
