package pipeline_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mailhaul/mailhaul/graph"
	"github.com/mailhaul/mailhaul/pipeline"
	"github.com/mailhaul/mailhaul/simulator"
)

// TestEqualStreams: items that all have the same bytes fill no pack. They do not wait in memory
// for their one until it is full, or until it is time for a snapshot.
func TestEqualStreams(t *testing.T) {
	pipeline.LowerMaxWaiting(t, 100)
	const all = 1200
	w := newWorld(t, simulator.Options{Seed: 8, Items: all})
	progress := &pipeline.Progress{}
	var asked atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if !strings.HasSuffix(r.URL.Path, "/exportItems") {
			w.sim.ServeHTTP(rw, r)
			return
		}
		var request struct{ ItemIDs []string }
		if err := json.NewDecoder(r.Body).Decode(&request); err != nil {
			t.Error(err)
		}
		time.Sleep(300 * time.Millisecond)
		if asked.Add(int64(len(request.ItemIDs))) == all && progress.Exported.Load() == 0 {
			t.Error("the last items are asked for, and none is done with")
		}
		elements := []string{}
		for _, id := range request.ItemIDs {
			elements = append(elements, fmt.Sprintf(`{"itemId":%q,"data":"bWFpbA=="}`, id))
		}
		_, _ = fmt.Fprintf(rw, `{"value":[%s]}`, strings.Join(elements, ","))
	}))
	t.Cleanup(server.Close)
	client, err := graph.New(graph.Options{BaseURL: server.URL + "/v1.0", RetryDelay: time.Millisecond, Budget: -1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	w.client = client
	if rep := w.run(pipeline.Options{Progress: progress}); rep.Exported != all || rep.Packs != 1 || rep.Bytes.Raw != 4*all {
		t.Errorf("run is %+v, %d packs, %+v", rep.Run, rep.Packs, rep.Bytes)
	}
	w.verify()
}
