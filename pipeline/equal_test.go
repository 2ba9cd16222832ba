package pipeline_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mailhaul/mailhaul/pipeline"
	"github.com/mailhaul/mailhaul/simulator"
)

// TestEqualStreams: items that all have the same bytes fill no pack. They do not wait in memory
// for their one until it is full, or until it is time for a snapshot.
func TestEqualStreams(t *testing.T) {
	const all = 1200
	inBubble(t, simulator.Options{Seed: 8, Items: all}, func(w *world) {
		progress := &pipeline.Progress{}
		var requested atomic.Int64
		w.answerWith(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			if !strings.HasSuffix(r.URL.Path, "/exportItems") {
				w.sim.ServeHTTP(rw, r)
				return
			}
			ids := requestedItems(w.t, r)
			time.Sleep(300 * time.Millisecond) // until everything else has done what it can
			if requested.Add(int64(len(ids))) == all && progress.Exported.Load() == 0 {
				w.t.Error("the last items are requested, and none is done with")
			}
			answerEqually(rw, ids)
		}))
		pool := newPool(w.t, 1, 0)
		pipeline.SetMaxWaiting(pool, 100)
		if rep := w.run(pipeline.Options{Progress: progress, Pool: pool}); rep.Exported != all || rep.Packs != 1 || rep.Bytes.Raw != 4*all {
			w.t.Errorf("run is %+v, %d packs, %+v", rep.Run, rep.Packs, rep.Bytes)
		}
		w.verify()
	})
}

// requestedItems returns the ids that an export requests.
func requestedItems(t testing.TB, r *http.Request) []string {
	t.Helper()
	var request struct{ ItemIDs []string }
	if err := json.NewDecoder(r.Body).Decode(&request); err != nil {
		t.Error(err)
	}
	return request.ItemIDs
}

// answerEqually answers an export with the same bytes for each item.
func answerEqually(rw http.ResponseWriter, ids []string) {
	elements := []string{}
	for _, id := range ids {
		elements = append(elements, fmt.Sprintf(`{"itemId":%q,"data":"bWFpbA=="}`, id))
	}
	_, _ = fmt.Fprintf(rw, `{"value":[%s]}`, strings.Join(elements, ","))
}
