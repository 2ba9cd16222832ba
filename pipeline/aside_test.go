package pipeline_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/mailhaul/mailhaul/manifest"
	"github.com/mailhaul/mailhaul/pipeline"
	"github.com/mailhaul/mailhaul/simulator"
)

// TestSlowItems: items that Graph does not give out hold nothing up. All others are exported
// in seconds; these are requested again at the end, in minutes, and fail then.
func TestSlowItems(t *testing.T) {
	const items = 180
	for name, tt := range map[string]struct {
		fault simulator.Fault
		every int // one item in so many
		code  string
	}{
		"busy":             {simulator.Fault{ItemCode: "ErrorServerBusy"}, 10, "ErrorServerBusy"},
		"not ready":        {simulator.Fault{ItemCode: "ErrorOfTomorrow"}, 10, "ErrorOfTomorrow"},
		"left out":         {simulator.Fault{Omit: 1}, 10, "NotReturned"},
		"unavailable":      {simulator.Fault{Status: 503, Empty: true}, 200, "Status503"},
		"busy, with pause": {simulator.Fault{Status: 503, RetryAfter: "2"}, 200, "ErrorServerBusy"},
		"some unavailable": {simulator.Fault{Status: 503}, 40, "ErrorServerBusy"},
		"error":            {simulator.Fault{Status: 500}, 40, "ErrorInternalServerError"},
		"no reason":        {simulator.Fault{Status: 400, Empty: true}, 40, "Status400"},
		"reset":            {simulator.Fault{Cut: simulator.CutReset}, 200, "NoResponse"},
		"cut":              {simulator.Fault{Cut: simulator.CutClean, CutAfter: 150}, 200, "BrokenResponse"},
	} {
		t.Run(name, func(t *testing.T) {
			inPatientBubble(t, simulator.Options{Seed: 41, Items: items}, func(t *testing.T, w *world) {
				bad := map[string]bool{}
				for i, id := range w.itemIDs() {
					if i%tt.every == 7 {
						f := tt.fault
						f.Operation, f.Item, f.Times = simulator.OpExport, id, -1
						w.sim.Inject(f)
						bad[id] = true
					}
				}
				progress, began := &pipeline.Progress{}, time.Now()
				time.AfterFunc(time.Minute, func() {
					if got := progress.Listed.Load(); got != items || w.sim.Stats().Items < int64(items-len(bad)) {
						t.Errorf("after a minute %d are listed, %d came", got, w.sim.Stats().Items)
					}
				})
				rep := w.run(pipeline.Options{Progress: progress})
				if rep.Bottleneck != "throttling" {
					t.Errorf("the bottleneck is %q of %+v", rep.Bottleneck, rep.Stages)
				}
				if took := time.Since(began); took > 7*time.Minute {
					t.Errorf("took %v", took)
				}
				if rep.Failed != int64(len(bad)) || rep.Exported != int64(items-len(bad)) || rep.State != manifest.StateComplete {
					t.Errorf("run is %+v", rep.Run)
				}
				for _, f := range rep.Failures {
					if f.Code != tt.code || !bad[f.ID] || f.Attempts < 5 {
						t.Errorf("failure is %+v", f)
					}
				}
				if n := w.sim.Stats().Requests[simulator.OpExport]; n > 350 {
					t.Errorf("%d requests", n)
				}
			})
		})
	}
}

// TestSlowForAWhile: what passes within minutes costs no item.
func TestSlowForAWhile(t *testing.T) {
	for name, f := range map[string]simulator.Fault{
		"storm":                {Times: -1, For: 45 * time.Second, Status: 429, RetryAfter: "1"},
		"long storm":           {Times: -1, For: 25 * time.Minute, Status: 429, RetryAfter: "20"},
		"storm of 503":         {Operation: simulator.OpExport, Times: -1, For: time.Minute, Status: 503, RetryAfter: "1"},
		"no reason":            {Times: -1, For: 5 * time.Second, Status: 400, Empty: true},
		"a proxy's page":       {Times: -1, For: 5 * time.Second, Status: 403, Body: "<html>no</html>"},
		"exports refused":      {Operation: simulator.OpExport, Times: 2, Status: 403},
		"all busy":             {Operation: simulator.OpExport, Times: -1, For: 20 * time.Minute, ItemCode: "ErrorServerBusy"},
		"all exports break":    {Operation: simulator.OpExport, Times: -1, For: 20 * time.Minute, Status: 500},
		"answers without ids":  {Operation: simulator.OpExport, Times: -1, NoIDs: true},
		"marks before answers": {Times: -1, ByteOrderMark: true},
	} {
		t.Run(name, func(t *testing.T) {
			inPatientBubble(t, simulator.Options{Seed: 42, Items: 180}, func(t *testing.T, w *world) {
				w.sim.Inject(f)
				if rep := w.run(pipeline.Options{}); !rep.Whole() || rep.Exported != 180 || rep.State != manifest.StateComplete {
					t.Errorf("run is %+v, failures %+v", rep.Run, rep.Failures)
				}
				if n := w.sim.Stats().Requests[simulator.OpExport]; f.NoIDs && n > 200 {
					t.Errorf("%d requests", n)
				}
				w.checkEqual()
			})
		})
	}
}

// TestExportsStop: when nothing comes for half an hour the run ends, says why, and what
// came before is committed.
func TestExportsStop(t *testing.T) {
	inPatientBubble(t, simulator.Options{Seed: 43, Items: 2000, Folders: 80, ItemSize: 3100}, func(t *testing.T, w *world) {
		w.sim.Inject(simulator.Fault{Operation: simulator.OpExport, Skip: 10, Times: -1, ItemCode: "ErrorServerBusy"})
		began := time.Now()
		rep, err := pipeline.Run(t.Context(), w.job(), pipeline.Options{})
		if err == nil || !strings.Contains(err.Error(), "no item could be exported for 30m") || !strings.Contains(err.Error(), "ErrorServerBusy") {
			t.Errorf("error is %v", err)
		}
		if rep == nil || rep.State != manifest.StatePartial || rep.Exported != 200 || rep.Failed != 0 || rep.Pending == 0 || len(rep.Failures) == 0 || rep.Run.Check() != nil {
			t.Errorf("report is %+v", rep)
		}
		if took := time.Since(began); took > 40*time.Minute {
			t.Errorf("took %v", took)
		}
	})
}

// TestManySlowItems: a whole folder that is not given out does not end the run, as others
// still come.
func TestManySlowItems(t *testing.T) {
	inPatientBubble(t, simulator.Options{Seed: 44, Items: 600, ItemSize: 3100}, func(t *testing.T, w *world) {
		bad := w.inbox()
		for _, id := range bad {
			w.failItem(id, "ErrorServerBusy")
		}
		began := time.Now()
		rep := w.run(pipeline.Options{})
		if rep.Failed != int64(len(bad)) || rep.Exported != int64(600-len(bad)) || len(bad) < 100 {
			t.Errorf("run with %d slow items is %+v", len(bad), rep.Run)
		}
		if took := time.Since(began); took > 6*time.Minute {
			t.Errorf("run with %d slow items took %v", len(bad), took)
		}
	})
}

// TestInterruptedWithItemsAside: items that are set aside when a run is canceled are pending,
// and listed as failed: the next run requests them.
func TestInterruptedWithItemsAside(t *testing.T) {
	for _, after := range []time.Duration{0, 2 * time.Second, 30 * time.Second, time.Minute} { // the items are given up after 90 seconds or more
		inPatientBubble(t, simulator.Options{Seed: 45, Items: 180}, func(t *testing.T, w *world) {
			mend := w.failItem(w.itemIDs()[7], "ErrorServerBusy")
			ctx, cancel := context.WithCancel(t.Context())
			w.onExport(4, func() { time.AfterFunc(after, cancel) })
			rep, err := pipeline.Run(ctx, w.job(), pipeline.Options{})
			if !errors.Is(err, pipeline.ErrInterrupted) || rep == nil || rep.Run.Check() != nil || rep.Pending == 0 || rep.Failed != 0 || after > 0 && len(rep.Failures) != 1 || rep.State != manifest.StatePartial {
				t.Errorf("after %v: %+v, %v", after, rep, err)
			}
			ctx, cancel = context.WithCancel(t.Context())
			time.AfterFunc(after+time.Second, cancel)
			if rep, err := pipeline.Run(ctx, w.job(), pipeline.Options{}); errors.Is(err, pipeline.ErrInterrupted) && after > 0 && rep != nil && rep.Failures[0].Runs != 1 {
				t.Errorf("after two runs that were canceled: %+v", rep.Failures)
			}
			mend()
			if rep := w.run(pipeline.Options{}); !rep.Whole() {
				t.Errorf("run is %+v", rep.Run)
			}
			w.checkEqual()
		})
	}
}

// TestItemRefused: an item that Graph refuses to export is refused alone.
func TestItemRefused(t *testing.T) {
	w := newWorld(t, simulator.Options{Seed: 46, Items: 120})
	id := w.itemIDs()[7]
	w.sim.Inject(simulator.Fault{Operation: simulator.OpExport, Item: id, Times: -1, Status: http.StatusForbidden})
	rep := w.run(pipeline.Options{})
	if rep.Failed != 1 || rep.Exported != 119 || rep.Failures[0].ID != id || rep.Failures[0].Code != "ErrorAccessDenied" {
		t.Errorf("run is %+v, failures %+v", rep.Run, rep.Failures)
	}
}
