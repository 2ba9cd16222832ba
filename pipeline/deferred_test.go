package pipeline_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/mailhaul/mailhaul/manifest"
	"github.com/mailhaul/mailhaul/pipeline"
	"github.com/mailhaul/mailhaul/simulator"
)

// TestSlowItems: items that Graph does not return hold nothing up. All others are exported in
// seconds. The slow ones are requested again at the end, for minutes, and then fail.
func TestSlowItems(t *testing.T) {
	const items = 180
	for name, tt := range map[string]struct {
		fault simulator.Fault
		every int // one item in this many
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
			inDefaultDelayBubble(t, simulator.Options{Seed: 41, Items: items}, func(t *testing.T, fx *fixture) {
				bad := map[string]bool{}
				for i, id := range fx.itemIDs() {
					if i%tt.every == 7 {
						f := tt.fault
						f.Operation, f.Item, f.Times = simulator.OpExport, id, -1
						fx.sim.Inject(f)
						bad[id] = true
					}
				}
				progress, began := &pipeline.Progress{}, time.Now()
				time.AfterFunc(time.Minute, func() {
					if got := progress.Listed.Load(); got != items || fx.sim.Stats().Items < int64(items-len(bad)) {
						t.Errorf("after a minute %d are listed, %d came", got, fx.sim.Stats().Items)
					}
				})
				rep := fx.run(pipeline.Options{Progress: progress})
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
				if n := fx.sim.Stats().Requests[simulator.OpExport]; n > 350 {
					t.Errorf("%d requests", n)
				}
			})
		})
	}
}

// TestSlowForAWhile: trouble that ends within minutes costs no item.
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
			inDefaultDelayBubble(t, simulator.Options{Seed: 42, Items: 180}, func(t *testing.T, fx *fixture) {
				fx.sim.Inject(f)
				if rep := fx.run(pipeline.Options{}); !rep.Whole() || rep.Exported != 180 || rep.State != manifest.StateComplete {
					t.Errorf("run is %+v, failures %+v", rep.Run, rep.Failures)
				}
				if n := fx.sim.Stats().Requests[simulator.OpExport]; f.NoIDs && n > 200 {
					t.Errorf("%d requests", n)
				}
				fx.checkHeld()
			})
		})
	}
}

// TestManySlowItems: a run proceeds although Graph returns no item of one folder, because other
// items still come.
func TestManySlowItems(t *testing.T) {
	inDefaultDelayBubble(t, simulator.Options{Seed: 44, Items: 600, ItemSize: 3100}, func(t *testing.T, fx *fixture) {
		bad := fx.inbox()
		for _, id := range bad {
			fx.failItem(id, "ErrorServerBusy")
		}
		began := time.Now()
		rep := fx.run(pipeline.Options{})
		if rep.Failed != int64(len(bad)) || rep.Exported != int64(600-len(bad)) || len(bad) < 100 {
			t.Errorf("run with %d slow items is %+v", len(bad), rep.Run)
		}
		if took := time.Since(began); took > 6*time.Minute {
			t.Errorf("run with %d slow items took %v", len(bad), took)
		}
	})
}

// TestInterruptedWithDeferredItems: items that are deferred when a run is cancelled count as
// pending and are listed as failed. The next run requests them.
func TestInterruptedWithDeferredItems(t *testing.T) {
	for _, after := range []time.Duration{0, 2 * time.Second, 30 * time.Second, time.Minute} { // the items fail after 90 seconds or more
		inDefaultDelayBubble(t, simulator.Options{Seed: 45, Items: 180}, func(t *testing.T, fx *fixture) {
			mend := fx.failItem(fx.itemIDs()[7], "ErrorServerBusy")
			ctx, cancel := context.WithCancel(t.Context())
			fx.onExport(4, func() { time.AfterFunc(after, cancel) })
			rep, err := pipeline.Run(ctx, fx.job(), pipeline.Options{})
			if !errors.Is(err, pipeline.ErrInterrupted) || rep == nil || rep.Run.Check() != nil || rep.Pending == 0 || rep.Failed != 0 || after > 0 && len(rep.Failures) != 1 || rep.State != manifest.StatePartial {
				t.Errorf("after %v: %+v, %v", after, rep, err)
			}
			ctx, cancel = context.WithCancel(t.Context())
			time.AfterFunc(after+time.Second, cancel)
			if rep, err := pipeline.Run(ctx, fx.job(), pipeline.Options{}); errors.Is(err, pipeline.ErrInterrupted) && after > 0 && rep != nil && rep.Failures[0].Runs != 1 {
				t.Errorf("after two runs that were cancelled: %+v", rep.Failures)
			}
			mend()
			if rep := fx.run(pipeline.Options{}); !rep.Whole() {
				t.Errorf("run is %+v", rep.Run)
			}
			fx.checkHeld()
		})
	}
}
