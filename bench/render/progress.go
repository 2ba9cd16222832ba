package render

import (
	"fmt"
	"math"

	"github.com/mailhaul/mailhaul/bench/report"
)

// overTime draws a figure of the samples of each contender's first run. It leaves out samples whose
// figure is NaN, and contenders whose figure is never positive. Without any, the plot is empty.
func overTime(s *report.Result, unit string, of func(*report.Sample) float64, title, note string) figure {
	p := lines{x: "seconds", y: unit}
	for i := range s.Contenders {
		c := &s.Contenders[i]
		if len(c.Runs) == 0 {
			continue
		}
		var dots []dot
		most := 0.0
		for k := range c.Runs[0].Samples {
			m := &c.Runs[0].Samples[k]
			if y := of(m); !math.IsNaN(y) {
				dots = append(dots, dot{x: m.Seconds, y: y})
				most = max(most, y)
			}
		}
		if most > 0 {
			p.add(c.Name, dots)
		}
	}
	if len(p.all) == 0 {
		return figure{}
	}
	return p.draw(title).titled(title, note)
}

func memory(s *report.Result) figure {
	title := "Memory"
	if len(s.Contenders) > 0 && s.Contenders[0].Peak.Max > 0 {
		title = fmt.Sprintf("The peak memory of %s is %s MiB", s.Contenders[0].Name, number(s.Contenders[0].Peak.Max/mib))
	}
	return overTime(s, "MiB", func(m *report.Sample) float64 {
		if m.Memory == 0 {
			return math.NaN() // unknown
		}
		return float64(m.Memory) / mib
	}, title, "Resident memory of the process in its first run.")
}

// bytesReceived draws the bytes that a tenant sent.
func bytesReceived(s *report.Result) figure {
	title := "Bytes from Graph"
	if run := firstRun(s); run != nil && run.Seconds > 0 {
		title = fmt.Sprintf("Graph sent %s MB/s", number(float64(run.Bytes)/run.Seconds/mb))
	}
	return overTime(s, "MB", func(m *report.Sample) float64 { return float64(m.Bytes) / mb },
		title, "Decoded bytes. Nothing arrived where the line is flat.")
}

// itemsStored draws the durable items of a tenant.
func itemsStored(s *report.Result) figure {
	title := "Stored items"
	if run := firstRun(s); run != nil && run.Items > 0 {
		title = count(run.Items) + " items were stored"
	}
	return overTime(s, "items", items, title, "Items count when they are durable, a pack at a time.")
}

// itemsSent draws the items that a simulated Graph sent.
func itemsSent(s *report.Result) figure {
	title := "Items from Graph"
	if run := firstRun(s); run != nil && run.Items > 0 {
		title = fmt.Sprintf("%s items in %s", count(run.Items), seconds(run.Seconds))
	}
	return overTime(s, "items", items, title, "Items that the simulated Graph has sent, in each contender's first run.")
}

func items(m *report.Sample) float64 { return float64(m.Items) }
