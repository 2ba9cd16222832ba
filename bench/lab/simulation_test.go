package lab

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailhaul/mailhaul/bench/report"
)

// TestProgress checks that a sample repeats the last progress if the simulated Graph does not
// answer.
func TestProgress(t *testing.T) {
	answers := []string{`{"items":10,"bytes":100}`, "no JSON", `{"items":30,"bytes":350}`, "no JSON"}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, answers[0])
		answers = answers[1:]
	}))
	defer server.Close()
	progress := (&simulation{StatsURL: server.URL}).progress(t.Context())
	var got [][2]int64
	var answered []bool
	for range 3 {
		var s report.Sample
		answered = append(answered, progress(&s))
		got = append(got, [2]int64{s.Items, s.Bytes})
	}
	if diff := cmp.Diff([][2]int64{{0, 0}, {20, 250}, {20, 250}}, got); diff != "" {
		t.Errorf("samples (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]bool{false, true, false}, answered); diff != "" {
		t.Errorf("answered (-want +got):\n%s", diff)
	}
}
