package bench

import (
	"fmt"

	"github.com/mailhaul/mailhaul/pipeline"
)

// advice says what to change so that an export goes faster, by the clocks of its stages and the share of the cores that the
// process had.
func advice(e *pipeline.Report, cores float64) []string {
	said := []string{bottleneckAdvice(e)}
	if e.Bottleneck == "cpu" && cores < busyCores {
		said[0] = fmt.Sprintf("there was work for all cores, and this program had %.0f %% of them: let it have the machine, and measure again", 100*cores)
	}
	if failed := e.Retries - e.Throttled; failed > e.Requests/100 {
		said = append(said, fmt.Sprintf("%d of %d requests failed and were sent again: Graph or the way to it was not in order, and the rate is that of a bad day", failed, e.Requests))
	}
	if e.Throttled > 0 && e.Bottleneck != "throttling" {
		said = append(said, fmt.Sprintf("Graph refused %d of %d requests for a while: see that nothing else reads this mailbox through the same app", e.Throttled, e.Requests))
	}
	if b := e.Budget; b.Allowed > 0 && e.Seconds > 0 && float64(e.Requests)/e.Seconds > float64(b.Allowed)/budgetSeconds {
		said = append(said, fmt.Sprintf("at this pace the %d requests that Graph allows in ten minutes are used up after %.0f s: a long run is slower than this one",
			b.Allowed, float64(b.Allowed)/(float64(e.Requests)/e.Seconds)))
	}
	if e.Bytes.Raw > 0 && e.Bytes.Stored > e.Bytes.Raw*95/100 {
		said = append(said, "the items hardly compress: they are mostly archives, pictures or encrypted mail")
	}
	return said
}

func bottleneckAdvice(e *pipeline.Report) string {
	export, upload := stageNamed(e, "export"), stageNamed(e, "upload")
	switch e.Bottleneck {
	case "graph":
		return fmt.Sprintf("Graph answers no faster: %.0f %% of the exporters' time is waiting for it; haul more mailboxes at once, and run as near to the tenant's region as you can",
			100*export.Share(export.Waiting))
	case "throttling":
		return "Graph holds this mailbox back: haul more mailboxes at once, since the limits are a mailbox's, or run when its owner does not work; --max-in-flight 2 may be refused less often"
	case "upload":
		return fmt.Sprintf("the store is the slow part: PUTs take %.0f %% of the uploaders' time, and exporters are blocked for %.0f %% of theirs; use a bucket in the region that this machine is in, a wider line, or a higher --limit-upload",
			100*upload.Share(upload.Waiting), 100*export.Share(export.Blocked))
	case "enumerate":
		return "listing the folders is the slow part, as at the start of a run and with very small items: measure longer, or haul more mailboxes at once"
	case "record":
		return "writing rows is the slow part, as with very many tiny items: haul more mailboxes at once"
	case "":
		return "the run was too short to tell: measure longer"
	}
	if e.Bottleneck != "cpu" {
		return fmt.Sprintf("%s is the slow part, with as many workers as one mailbox has, and there are cores to spare: haul more mailboxes at once", e.Bottleneck)
	}
	return fmt.Sprintf("this machine computes as fast as it can: exporters wait for Graph for %.0f %% of their time only; give it more cores, or share the mailboxes among machines",
		100*export.Share(export.Waiting))
}

// busyCores is the least share of the cores that a process has which has the machine to itself and work for all of it.
const busyCores = 0.6
