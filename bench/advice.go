package bench

import (
	"fmt"

	"github.com/mailhaul/mailhaul/pipeline"
)

// busyCores is the share of the cores that a process uses at least if nothing else runs on the
// machine and the process has work for all cores.
const busyCores = 0.6

// advice returns sentences that say how to export faster. cores is the share of the machine's cores
// that this process used.
func advice(e *pipeline.Report, cores float64) []string {
	all := []string{bottleneckAdvice(e, cores)}
	add := func(wanted bool, format string, args ...any) {
		if wanted {
			all = append(all, fmt.Sprintf(format, args...))
		}
	}
	failed := e.Retries - e.Throttled
	add(failed > e.Requests/100, "%d of %d requests failed and were sent again: Graph or the network had trouble, so the rate may be higher on another day", failed, e.Requests)
	add(e.Throttled > 0 && e.Bottleneck != "throttling",
		"Graph throttled %d of %d requests: make sure that nothing else reads this mailbox through the same app", e.Throttled, e.Requests)
	pace := float64(e.Requests) / e.Seconds
	add(e.Budget.Allowed > 0 && e.Seconds > 0 && pace > float64(e.Budget.Allowed)/budgetSeconds,
		"at this rate, the %d requests that Graph allows in ten minutes last for %.0f s: a longer run is slower than this one",
		e.Budget.Allowed, float64(e.Budget.Allowed)/pace)
	add(e.Bytes.Raw > 0 && e.Bytes.Stored > e.Bytes.Raw*95/100, "the items hardly compress: they are mostly archives, pictures or encrypted mail")
	return all
}

func bottleneckAdvice(e *pipeline.Report, cores float64) string {
	export, upload := stageOf(e, "export"), stageOf(e, "upload")
	waiting := 100 * export.Share(export.Waiting)
	switch e.Bottleneck {
	case "graph":
		return fmt.Sprintf("Graph is the limit: exporters wait for Graph for %.0f %% of their time; export more mailboxes at a time, and run as near to the tenant's region as you can", waiting)
	case "throttling":
		return "Graph throttles this mailbox: export more mailboxes at a time, since the limits are per mailbox, or run outside its owner's working hours; --max-in-flight 2 may be throttled less"
	case "upload":
		return fmt.Sprintf("the store is the limit: uploads wait for it for %.0f %% of their time, and exporters are blocked for %.0f %% of theirs; use a bucket in this machine's region, more bandwidth, or a higher --limit-upload",
			100*upload.Share(upload.Waiting), 100*export.Share(export.Blocked))
	case "enumerate":
		return "listing the folders is the limit, as at the start of a run and with very small items: measure longer, or export more mailboxes at a time"
	case "record":
		return "writing rows is the limit, as with very many tiny items: export more mailboxes at a time"
	case "":
		return "the run was too short to find a bottleneck: measure longer"
	case "cpu":
		if cores < busyCores {
			return fmt.Sprintf("the export had work for all cores and got %.0f %% of them: stop other programs, and measure again", 100*cores)
		}
		return fmt.Sprintf("the CPU is the limit: exporters wait for Graph for only %.0f %% of their time; use more cores, or several machines", waiting)
	}
	return fmt.Sprintf("the stage %s is the limit, with as many workers as one mailbox has, and cores are idle: export more mailboxes at a time", e.Bottleneck)
}

// stageOf returns a stage of an export; an empty one if there is none of that name.
func stageOf(e *pipeline.Report, name string) pipeline.Stage {
	for _, s := range e.Stages {
		if s.Name == name {
			return s
		}
	}
	return pipeline.Stage{Name: name}
}
