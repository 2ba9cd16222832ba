package graph_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mailhaul/mailhaul/graph"
)

func export(t *testing.T, s *exportServer, ids []string) (*verdicts, *graph.MailboxClient) {
	t.Helper()
	m := openReached(t, s.ServeHTTP)
	v := newVerdicts(t)
	if err := m.Export(t.Context(), ids, v); err != nil {
		t.Fatal(err)
	}
	return v, m
}

// TestExport holds for each answer about one id among others which verdict it
// meets, and with which requests.
func TestExport(t *testing.T) {
	tests := []struct {
		name    string
		answers []string
		verdict string
		sizes   []int
	}{
		{"fine", nil, "exported", []int{4}},
		{"gone", []string{itemError("ErrorItemNotFound")}, "gone", []int{4}},
		{"gone, with other case", []string{`{"itemId":%[1]q,"Error":{"message":"m","code":"errorItemNotFound"}}`}, "gone", []int{4}},
		{"missing once", []string{missing, fine}, "exported", []int{4, 1}},
		{"missing", []string{missing}, "NotReturned", []int{4, 1, 1, 1, 1}},
		{"permanent", []string{itemError("errorcorruptdata")}, "errorcorruptdata", []int{4}},
		{"permanent in the end", []string{itemError("ErrorServerBusy"), itemError("ErrorMessageSizeExceeded")}, "ErrorMessageSizeExceeded", []int{4, 1}},
		{"busy", []string{itemError("ErrorServerBusy")}, "ErrorServerBusy", []int{4, 1, 1, 1, 1, 1, 1, 1, 1, 1}},
		{"busy for a while", slices.Concat(slices.Repeat([]string{itemError("ErrorTimeoutExpired")}, 8), []string{fine}), "exported", []int{4, 1, 1, 1, 1, 1, 1, 1, 1}},
		{"unknown", []string{itemError("ErrorOfTomorrow")}, "ErrorOfTomorrow", []int{4, 1, 1, 1, 1}},
		{"error without a code", []string{`{"itemId":%[1]q,"error":{"message":"m"}}`}, "NoCode", []int{4, 1, 1, 1, 1}},
		{"error and data", []string{`{"itemId":%[1]q,"data":"%[2]s","error":{"code":"ErrorCorruptData","message":"m"}}`}, "ErrorCorruptData", []int{4}},
		{"empty error and data", []string{`{"itemId":%[1]q,"changeKey":"ck","data":"%[2]s","error":{"code":"","message":null}}`}, "exported", []int{4}},
		{"no data", []string{`{"itemId":%[1]q}`}, "NoData", []int{4, 1, 1, 1, 1}},
		{"empty data", []string{`{"itemId":%[1]q,"data":""}`}, "NoData", []int{4, 1, 1, 1, 1}},
		{"data taken back", []string{`{"itemId":%[1]q,"data":"%[2]s","data":null}`, fine}, "exported", []int{4, 1}},
		{"data first", []string{`{"data":"%[2]s","changeKey":"ck","itemId":%[1]q}`}, "exported", []int{4}},
		{"data twice", []string{`{"data":"QUJD","changeKey":"ck","itemId":%[1]q,"data":"%[2]s"}`}, "exported", []int{4}},
		{"damaged base64", []string{`{"itemId":%[1]q,"data":"%[2]s*"}`}, "MalformedResponse", []int{4, 1, 1, 1, 1}},
		{"damaged element", []string{`{"itemId":%[1]q,"changeKey":5,"data":"%[2]s"}`, fine}, "exported", []int{4, 1}},
		{"truncated, plain", []string{`{"itemId":%[1]q,"data":"%[2]s=== Truncated Data ==="}`}, "MalformedResponse", []int{4, 1, 1, 1, 1}},
		{"truncated, encoded", []string{`{"itemId":%[1]q,"data":"AAAAAAAAPT09IFRydW5jYXRlZCBEYXRhID09PQ=="}`}, "TruncatedData", []int{4, 1, 1, 1, 1}},
		{"truncated, with a new line", []string{`{"itemId":%[1]q,"data":"PT09IFRydW5jYXRlZCBEYXRhID09PQ0K"}`}, "TruncatedData", []int{4, 1, 1, 1, 1}},
		{"cut once", []string{cut, fine}, "exported", []int{4, 2}},
		{"cut", []string{cut}, "BrokenResponse", []int{4, 2, 2, 1, 1, 1, 1}},
		{"reset once", []string{reset, fine}, "exported", []int{4, 4}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ids := someIDs(4)
			s := &exportServer{script: map[string][]string{ids[2]: tt.answers}}
			v, _ := export(t, s, ids)
			v.expect(ids, map[string]string{ids[2]: tt.verdict})
			if diff := cmp.Diff(tt.sizes, s.sizes()); diff != "" {
				t.Errorf("ids a request (-want +got):\n%s", diff)
			}
			if e, failed := v.failed[ids[2]]; failed && tt.name != "cut" && e.Attempts != len(tt.sizes) {
				t.Errorf("the failure tells of %d attempts", e.Attempts)
			}
		})
	}
}

// TestBrokenResponsesLoseNothing breaks every response after one item: progress is
// no attempt at the rest.
func TestBrokenResponsesLoseNothing(t *testing.T) {
	ids := someIDs(20)
	s := &exportServer{}
	s.whole = func(asked []string, w http.ResponseWriter) bool {
		answers := slices.Repeat([]string{fine}, len(asked))
		if len(asked) > 1 {
			answers[1] = cut
		}
		s.write(w, asked, answers)
		return true
	}
	v, m := export(t, s, ids)
	v.expect(ids, nil)
	if stats := m.Stats(); stats.Retries != 19 || stats.Requests != 21 {
		t.Errorf("got %+v", stats)
	}
}

// TestPoison has one item in which the connection breaks whatever is asked for with
// it, before the response or in it.
func TestPoison(t *testing.T) {
	for answer, verdict := range map[string]string{cut: "BrokenResponse", reset: "NoResponse"} {
		for at := range 3 {
			ids := someIDs(20)
			poison := ids[at*9]
			v := newVerdicts(t)
			m := openReached(t, (&exportServer{script: map[string][]string{poison: {answer}}}).ServeHTTP)
			if err := m.Export(t.Context(), ids, v); err != nil {
				t.Fatal(err)
			}
			v.expect(ids, map[string]string{poison: verdict})
			if e := v.failed[poison]; e.Attempts != 5 || !strings.Contains(e.Message, "client-request-id") {
				t.Errorf("%s: got %+v", answer, e)
			}
		}
	}
}

// TestBatchRefused has one item because of which requests are refused as a whole.
func TestBatchRefused(t *testing.T) {
	tests := []struct {
		status        int
		code, verdict string
		sizes         []int // of requests with the item
	}{
		{500, "ErrorCorruptData", "ErrorCorruptData", []int{20, 1}},
		{400, "ErrorInvalidIdMalformed", "ErrorInvalidIdMalformed", []int{20, 1}},
		{400, "", "Status400", []int{20, 1}},
		{413, "", "Status413", []int{20, 1}},
		{404, "ErrorItemNotFound", "gone", []int{20, 1}},
		{501, "", "Status501", []int{20, 1}},
		{500, "ErrorInternalServerError", "ErrorInternalServerError", []int{20, 20, 1, 1, 1}},
		{504, "", "Status504", []int{20, 20, 1, 1, 1}},
		{503, "", "Status503", []int{20, 20, 20, 20, 20, 20, 20, 20, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1}},
	}
	for _, tt := range tests {
		t.Run(http.StatusText(tt.status)+tt.code, func(t *testing.T) {
			ids := someIDs(20)
			var sizes []int
			s := &exportServer{whole: func(asked []string, w http.ResponseWriter) bool {
				if !slices.Contains(asked, ids[7]) {
					return false
				}
				sizes = append(sizes, len(asked))
				refuse(w, tt.status, tt.code, "why")
				return true
			}}
			v, _ := export(t, s, ids)
			v.expect(ids, map[string]string{ids[7]: tt.verdict})
			if diff := cmp.Diff(tt.sizes, sizes); diff != "" {
				t.Errorf("ids a request (-want +got):\n%s", diff)
			}
		})
	}
}

// TestWholeMailbox holds which errors end an export without verdicts on the rest.
func TestWholeMailbox(t *testing.T) {
	tests := []struct {
		status int
		code   string
	}{
		{401, "InvalidAuthenticationToken"},
		{403, "ErrorAccessDenied"},
		{404, "ErrorInvalidUser"},
		{404, "MailboxNotEnabledForRESTAPI"},
		{429, "ApplicationThrottled"},
	}
	for _, tt := range tests {
		t.Run(tt.code, func(t *testing.T) {
			s := &exportServer{}
			s.whole = func(_ []string, w http.ResponseWriter) bool {
				if len(s.sizes()) > 1 {
					refuse(w, tt.status, tt.code, "why")
				}
				return len(s.sizes()) > 1
			}
			ids := someIDs(3)
			s.script = map[string][]string{ids[1]: {missing}}
			v := newVerdicts(t)
			err := open(t, s.ServeHTTP).Export(t.Context(), ids, v)
			graphError(t, err, tt.status, tt.code)
			v.expect([]string{ids[0], ids[2]}, nil)
		})
	}
}

// TestNetworkDown ends an export when nothing is answered any more.
func TestNetworkDown(t *testing.T) {
	ids := someIDs(3)
	var down atomic.Bool
	m := open(t, func(w http.ResponseWriter, r *http.Request) {
		if down.Swap(true) {
			panic(http.ErrAbortHandler)
		}
		(&exportServer{script: map[string][]string{ids[1]: {missing}}}).ServeHTTP(w, r)
	})
	v := newVerdicts(t)
	graphError(t, m.Export(t.Context(), ids, v), 0, "")
	v.expect([]string{ids[0], ids[2]}, nil)
}

// TestAllFail holds that a run in which every item fails ends as a whole, and that
// one item which comes through starts the count anew.
func TestAllFail(t *testing.T) {
	for _, answer := range []string{cut, reset, itemError("ErrorMailboxStoreUnavailable")} {
		s := &exportServer{script: map[string][]string{}}
		m := reached(t, newClient(t, s.ServeHTTP, graph.Options{MaxAttempts: 3}))
		ids := someIDs(20)
		for _, id := range ids {
			s.script[id] = []string{answer}
		}
		failed, calls := 0, 0
		for ; calls < 10; calls++ {
			batch := slices.Clone(ids)
			if calls == 2 {
				batch[0] = "fine"
			}
			v := newVerdicts(t)
			err := m.Export(t.Context(), batch, v)
			failed += len(v.failed)
			if err != nil {
				var e *graph.Error
				if !errors.As(err, &e) || !strings.Contains(err.Error(), "60 items in a row") {
					t.Errorf("got %v", err)
				}
				break
			}
		}
		if calls != 5 || failed != 99 { // of 100, of which one was fine
			t.Errorf("%s: %d items failed in %d calls", answer, failed, calls)
		}
	}
}

// TestItemsFail holds that items which Graph tells of do not end the run, however
// many of them fail.
func TestItemsFail(t *testing.T) {
	for _, answer := range []string{itemError("ErrorCorruptData"), itemError("ErrorOfTomorrow"), missing} {
		s := &exportServer{script: map[string][]string{}}
		m := open(t, s.ServeHTTP)
		ids := someIDs(20)
		for _, id := range ids {
			s.script[id] = []string{answer}
		}
		for range 4 {
			if err := m.Export(t.Context(), ids, newVerdicts(t)); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestUnaskedAndDuplicate(t *testing.T) {
	ids := someIDs(3)
	s := &exportServer{script: map[string][]string{
		ids[0]: {fine + "," + fine + `,{"itemId":"other","data":"QUJD"},null,{"data":"QUJD"},` + itemError("ErrorItemNotFound")},
		ids[1]: {itemError("ErrorServerBusy") + "," + fine},
		ids[2]: {itemError("ErrorServerBusy") + "," + itemError("ErrorServerBusy"), fine},
	}}
	v, m := export(t, s, append(ids, ids...))
	v.expect(ids, nil)
	if stats := m.Stats(); stats.Unasked != 3 || stats.Duplicates != 3 {
		t.Errorf("got %+v", stats)
	}
}

// TestUselessElements holds that a response of elements without end has one.
func TestUselessElements(t *testing.T) {
	s := &exportServer{script: map[string][]string{"a": {fine}, "b": {strings.Repeat("{},", 2000) + fine}}}
	v, m := export(t, s, []string{"a", "b"})
	v.expect([]string{"a"}, map[string]string{"b": "BrokenResponse"})
	if stats := m.Stats(); stats.Unasked > 7000 {
		t.Errorf("got %+v", stats)
	}
}

// TestHandlerEndsExport holds that an error of the handler is returned as it is, be
// it one of Graph's kind, and is no reason to ask again.
func TestHandlerEndsExport(t *testing.T) {
	ids := someIDs(2)
	for _, refusal := range []error{errors.New("full"), &graph.Error{Op: "x", StatusCode: 503}} {
		for _, answer := range []string{fine, missing, itemError("ErrorCorruptData"), itemError("ErrorItemNotFound")} {
			s := &exportServer{script: map[string][]string{ids[0]: {answer}, ids[1]: {answer}}}
			v := newVerdicts(t)
			v.refuse = refusal
			if err := open(t, s.ServeHTTP).Export(t.Context(), ids, v); err != refusal {
				t.Errorf("%s: got %v", answer, err)
			}
			if n := len(s.sizes()); n > 1 && answer != missing {
				t.Errorf("%s: %d requests", answer, n)
			}
		}
	}
}

func TestExportCancelled(t *testing.T) {
	stop := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	s := &exportServer{script: map[string][]string{"b": {cut}}}
	m := open(t, func(w http.ResponseWriter, r *http.Request) {
		defer cancel(stop)
		s.ServeHTTP(w, r)
	})
	v := newVerdicts(t)
	if err := m.Export(ctx, []string{"a", "b"}, v); !errors.Is(err, stop) {
		t.Errorf("got %v", err)
	}
	if v.of["b"] != "" || v.data.Len() > 0 {
		t.Errorf("got %v and %d bytes", v.of, v.data.Len())
	}
}

// TestExportCancelledByAnswer: why an export was canceled, be it Graph's answer to another
// request, is no verdict on its items.
func TestExportCancelledByAnswer(t *testing.T) {
	for _, cause := range []*graph.Error{{StatusCode: 400, Code: "BadRequest"}, {StatusCode: 404, Code: "ErrorItemNotFound"}, {StatusCode: 500}} {
		ctx, cancel := context.WithCancelCause(t.Context())
		m := openReached(t, func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodGet {
				_, _ = w.Write([]byte(`{"value":[]}`))
				return
			}
			_, _ = io.Copy(io.Discard, r.Body) // else the server does not see that the client goes
			cancel(cause)
			<-r.Context().Done()
		})
		v := newVerdicts(t)
		if err := m.Export(ctx, []string{"a"}, v); !errors.Is(err, cause) || len(v.of) > 0 {
			t.Errorf("%s: got %v and %v", cause.Code, err, v.of)
		}
	}
}

func TestExportTakesTwenty(t *testing.T) {
	m := open(t, (&exportServer{}).ServeHTTP)
	if err := m.Export(t.Context(), someIDs(21), newVerdicts(t)); err == nil {
		t.Error("21 ids were taken")
	}
	if err := m.Export(t.Context(), nil, newVerdicts(t)); err != nil || m.Stats().Requests != 0 {
		t.Errorf("no ids: %v after %+v", err, m.Stats())
	}
}

// TestExportPauses holds that items are asked for again after a pause: a growing one,
// or that which Graph asked for.
func TestExportPauses(t *testing.T) {
	for _, retryAfter := range []string{"", "30"} {
		var asked []time.Time
		s := &exportServer{whole: func(_ []string, w http.ResponseWriter) bool {
			asked = append(asked, time.Now())
			if retryAfter != "" {
				w.Header().Set("Retry-After", retryAfter)
			}
			refuse(w, 500, "ErrorInternalServerError", "why")
			return true
		}}
		inBubble(t, s.ServeHTTP, graph.Options{}, func(t *testing.T, c *graph.Client) {
			v := newVerdicts(t)
			if err := c.Open(mailboxID).Export(t.Context(), []string{"a"}, v); err != nil {
				t.Fatal(err)
			}
			v.expect(nil, map[string]string{"a": "ErrorInternalServerError"})
		})
		if len(asked) != 5 {
			t.Fatalf("asked %d times", len(asked))
		}
		for i := 1; i < len(asked); i++ {
			most := time.Second << (i - 1)
			least := most / 2
			if retryAfter != "" {
				least, most = 30*time.Second, 30*time.Second
			}
			if d := asked[i].Sub(asked[i-1]); d < least || d > most {
				t.Errorf("pause %d is %v, want %v to %v", i, d, least, most)
			}
		}
	}
}
