package observe

import (
	"math"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/mailhaul/mailhaul/pipeline"
	"github.com/mailhaul/mailhaul/replicate"
	"github.com/mailhaul/mailhaul/restore"
)

// A metric has a name, and a value for each combination of its labels.
type metric struct {
	desc *prometheus.Desc
	kind prometheus.ValueType
}

func newMetric(kind prometheus.ValueType, name, help string, labels ...string) metric {
	return metric{prometheus.NewDesc("mailhaul_"+name, help, labels, nil), kind}
}

func (m metric) send(ch chan<- prometheus.Metric, value float64, labels ...string) {
	ch <- prometheus.MustNewConstMetric(m.desc, m.kind, value, labels...)
}

const (
	counter = prometheus.CounterValue
	gauge   = prometheus.GaugeValue
)

// The metrics of exports. No label identifies a mailbox.
var (
	exportMailboxes = newMetric(gauge, "export_mailboxes", "Mailboxes of this export by state: waiting, running or over.", "state")
	exportExpected  = newMetric(gauge, "export_items_expected", "Items of the mailboxes that have started, by Graph's own counts.")
	exportEnded     = newMetric(counter, "export_items_total", "Items by outcome: exported, skipped because they are held, failed, gone or left_out by the selection.", "outcome")
	exportBytes     = newMetric(counter, "export_bytes_total", "FastTransfer bytes that came from Graph, decoded.")
	exportStored    = newMetric(counter, "export_stored_bytes_total", "Bytes of the packs that were stored.")
	exportPacks     = newMetric(counter, "export_packs_total", "Packs that were stored.")
	exportRequests  = newMetric(counter, "export_requests_total", "Requests to Graph, including repeated ones.")
	exportThrottled = newMetric(counter, "export_throttled_requests_total", "Requests that Graph answered with 429 or 503.")
)

// The metrics of the pipeline's stages, which docs/architecture.md explains.
var (
	stageSeconds = newMetric(counter, "stage_seconds_total", "Time of a stage's workers by activity: computing, waiting for an answer, throttled, starved or blocked.", "stage", "activity")
	stageUnits   = newMetric(counter, "stage_units_total", "Requests, batches, chunks, frames, packs or rows that a stage has finished.", "stage")
	stageBytes   = newMetric(counter, "stage_bytes_total", "Bytes that a stage has finished: of items, or stored ones from pack on.", "stage")
	stageWorkers = newMetric(gauge, "stage_workers", "The greatest number of workers of a stage at a time.", "stage")
	stageLatency = newMetric(gauge, "stage_latency_seconds", "Time of successful requests since the start, by quantile.", "stage", "quantile")
)

var exportMetrics = []metric{
	exportMailboxes, exportExpected, exportEnded, exportBytes, exportStored, exportPacks, exportRequests, exportThrottled,
	stageSeconds, stageUnits, stageBytes, stageWorkers, stageLatency,
}

type exportCollector struct {
	exports *Exports
	pool    *pipeline.Pool
}

// ExportCollector returns the metrics of the exports of a command.
func ExportCollector(e *Exports, pool *pipeline.Pool) prometheus.Collector {
	return &exportCollector{e, pool}
}

// Describe implements prometheus.Collector.
func (c *exportCollector) Describe(ch chan<- *prometheus.Desc) { describe(ch, exportMetrics) }

func describe(ch chan<- *prometheus.Desc, metrics []metric) {
	for _, m := range metrics {
		ch <- m.desc
	}
}

// Collect implements prometheus.Collector.
func (c *exportCollector) Collect(ch chan<- prometheus.Metric) {
	t := c.exports.tally()
	exportMailboxes.send(ch, float64(c.exports.mailboxes-t.mailboxes), "waiting")
	exportMailboxes.send(ch, float64(t.running), "running")
	exportMailboxes.send(ch, float64(t.mailboxes-t.running), "over")
	exportExpected.send(ch, float64(t.expected))
	for outcome, n := range map[string]int64{
		"exported": t.exported, "skipped": t.skipped, "failed": t.failed, "gone": t.gone, "left_out": t.leftOut,
	} {
		exportEnded.send(ch, float64(n), outcome)
	}
	exportBytes.send(ch, float64(t.arrived))
	exportStored.send(ch, float64(t.stored))
	exportPacks.send(ch, float64(t.packs))
	exportRequests.send(ch, float64(t.requests))
	exportThrottled.send(ch, float64(t.throttled))
	for _, s := range c.pool.Stages() {
		sendStage(ch, &s)
	}
}

func sendStage(ch chan<- prometheus.Metric, s *pipeline.Stage) {
	for activity, seconds := range map[string]float64{
		"computing": s.Busy - s.Waiting, "waiting": s.Waiting, "throttled": s.Throttled, "starved": s.Starved, "blocked": s.Blocked,
	} {
		// Prometheus treats a counter that decreases, be it by a rounding error, as reset.
		stageSeconds.send(ch, math.Round(seconds*1e6)/1e6, s.Name, activity)
	}
	stageUnits.send(ch, float64(s.Count), s.Name)
	stageBytes.send(ch, float64(s.Bytes), s.Name)
	stageWorkers.send(ch, float64(s.Workers), s.Name)
	if l := s.Latency; l != nil {
		for quantile, seconds := range map[string]float64{"0.5": l.P50, "0.9": l.P90, "0.99": l.P99, "1": l.Max} {
			stageLatency.send(ch, seconds, s.Name, quantile)
		}
	}
}

// The metrics of a verification.
var (
	verifyPacks     = newMetric(gauge, "verify_packs", "Packs to read.")
	verifyPacksRead = newMetric(counter, "verify_packs_read_total", "Packs that were read.")
	verifyBytes     = newMetric(counter, "verify_read_bytes_total", "Stored bytes of the packs that were read.")
)

type verifyCollector struct{ progress *restore.VerifyProgress }

// VerifyCollector returns the metrics of a verification.
func VerifyCollector(p *restore.VerifyProgress) prometheus.Collector { return &verifyCollector{p} }

// Describe implements prometheus.Collector.
func (c *verifyCollector) Describe(ch chan<- *prometheus.Desc) {
	describe(ch, []metric{verifyPacks, verifyPacksRead, verifyBytes})
}

// Collect implements prometheus.Collector.
func (c *verifyCollector) Collect(ch chan<- prometheus.Metric) {
	verifyPacks.send(ch, float64(c.progress.Packs.Load()))
	verifyPacksRead.send(ch, float64(c.progress.PacksRead.Load()))
	verifyBytes.send(ch, float64(c.progress.BytesRead.Load()))
}

// The metrics of a copy.
var (
	copySnapshots = newMetric(gauge, "copy_snapshots", "Snapshots of the mailboxes that are copied.")
	copyDone      = newMetric(counter, "copy_snapshots_done_total", "Snapshots that are copied, held already, or not copied because of a problem.")
	copyObjects   = newMetric(counter, "copy_objects_total", "Objects that were copied.")
	copyBytes     = newMetric(counter, "copy_bytes_total", "Stored bytes of the objects that were copied.")
)

type copyCollector struct{ progress *replicate.Progress }

// CopyCollector returns the metrics of a copy.
func CopyCollector(p *replicate.Progress) prometheus.Collector { return &copyCollector{p} }

// Describe implements prometheus.Collector.
func (c *copyCollector) Describe(ch chan<- *prometheus.Desc) {
	describe(ch, []metric{copySnapshots, copyDone, copyObjects, copyBytes})
}

// Collect implements prometheus.Collector.
func (c *copyCollector) Collect(ch chan<- prometheus.Metric) {
	copySnapshots.send(ch, float64(c.progress.Snapshots.Load()))
	copyDone.send(ch, float64(c.progress.Done.Load()))
	copyObjects.send(ch, float64(c.progress.Copied.Load()))
	copyBytes.send(ch, float64(c.progress.Bytes.Load()))
}
