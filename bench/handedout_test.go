package bench

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestHandedOut: while the simulated Graph does not answer, what it handed out stays as it was.
func TestHandedOut(t *testing.T) {
	answers := []string{`{"items":10,"bytes":100}`, "late", `{"items":30,"bytes":350}`, "late"}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, answers[0])
		answers = answers[1:]
	}))
	defer server.Close()
	look := (&simulation{Stats: server.URL}).handedOut(t.Context())
	var got [][2]int64
	var told []bool
	for range 3 {
		var s Sample
		told = append(told, look(&s))
		got = append(got, [2]int64{s.Items, s.Bytes})
	}
	if diff := cmp.Diff([][2]int64{{0, 0}, {20, 250}, {20, 250}}, got); diff != "" {
		t.Errorf("samples (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]bool{false, true, false}, told); diff != "" {
		t.Errorf("whether it answered (-want +got):\n%s", diff)
	}
}
