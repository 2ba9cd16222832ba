package bench

import (
	"fmt"

	"github.com/mailhaul/mailhaul/pipeline"
)

// advice says what to change so that an export goes faster, by the clocks of its stages.
func advice(e *pipeline.Report) []string {
	said := []string{bottleneckAdvice(e)}
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
	return fmt.Sprintf("this machine computes as fast as it can: exporters wait for Graph for %.0f %% of their time only; give it more cores, or share the mailboxes among machines",
		100*export.Share(export.Waiting))
}
