package graph_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mailhaul/mailhaul/graph"
)

func export(t *testing.T, s *exportServer, ids []string) (*results, *graph.MailboxClient) {
	t.Helper()
	m := openReached(t, s.ServeHTTP)
	v := newResults(t)
	if err := m.Export(t.Context(), ids, v); err != nil {
		t.Fatal(err)
	}
	return v, m
}

// TestExport checks the result and the requests for each kind of response about one of four items.
func TestExport(t *testing.T) {
	tests := []struct {
		name    string
		answers []string
		result  string
		sizes   []int
	}{
		{"fine", nil, "exported", []int{4}},
		{"gone", []string{itemError("ErrorItemNotFound")}, "gone", []int{4}},
		{"gone, with other case", []string{`{"itemId":%[1]q,"Error":{"message":"m","code":"errorItemNotFound"}}`}, "gone", []int{4}},
		{"missing once", []string{missing, fine}, "exported", []int{4, 1}},
		{"missing", []string{missing}, "NotReturned", []int{4, 1}},
		{"permanent", []string{itemError("errorcorruptdata")}, "errorcorruptdata", []int{4}},
		{"permanent in the end", []string{itemError("ErrorOfTomorrow"), itemError("ErrorMessageSizeExceeded")}, "ErrorMessageSizeExceeded", []int{4, 1}},
		{"busy", []string{itemError("ErrorServerBusy")}, "ErrorServerBusy", []int{4}},
		{"unknown for a while", []string{itemError("ErrorOfTomorrow"), fine}, "exported", []int{4, 1}},
		{"unknown", []string{itemError("ErrorOfTomorrow")}, "ErrorOfTomorrow", []int{4, 1}},
		{"error without a code", []string{`{"itemId":%[1]q,"error":{"message":"m"}}`}, "NoCode", []int{4, 1}},
		{"error and data", []string{`{"itemId":%[1]q,"data":"%[2]s","error":{"code":"ErrorCorruptData","message":"m"}}`}, "ErrorCorruptData", []int{4}},
		{"empty error and data", []string{`{"itemId":%[1]q,"changeKey":"ck","data":"%[2]s","error":{"code":"","message":null}}`}, "exported", []int{4}},
		{"no data", []string{`{"itemId":%[1]q}`}, "NoData", []int{4, 1}},
		{"empty data", []string{`{"itemId":%[1]q,"data":""}`}, "NoData", []int{4, 1}},
		{"data taken back", []string{`{"itemId":%[1]q,"data":"%[2]s","data":null}`, fine}, "exported", []int{4, 1}},
		{"data first", []string{`{"data":"%[2]s","changeKey":"ck","itemId":%[1]q}`}, "exported", []int{4}},
		{"data twice", []string{`{"data":"QUJD","changeKey":"ck","itemId":%[1]q,"data":"%[2]s"}`}, "exported", []int{4}},
		{"damaged base64", []string{`{"itemId":%[1]q,"data":"%[2]s*"}`}, "MalformedResponse", []int{4, 1}},
		{"damaged element", []string{`{"itemId":%[1]q,"changeKey":5,"data":"%[2]s"}`, fine}, "exported", []int{4, 1}},
		{"truncated, plain", []string{`{"itemId":%[1]q,"data":"%[2]s=== Truncated Data ==="}`}, "MalformedResponse", []int{4, 1}},
		{"truncated, encoded", []string{`{"itemId":%[1]q,"data":"AAAAAAAAPT09IFRydW5jYXRlZCBEYXRhID09PQ=="}`}, "TruncatedData", []int{4, 1}},
		{"truncated, with a new line", []string{`{"itemId":%[1]q,"data":"PT09IFRydW5jYXRlZCBEYXRhID09PQ0K"}`}, "TruncatedData", []int{4, 1}},
		{"cut once", []string{cut, fine}, "exported", []int{4, 2}},
		{"cut", []string{cut}, "BrokenResponse", []int{4, 2, 1, 1}},
		{"reset once", []string{reset, fine}, "exported", []int{4, 4}},
		{"reset three times", []string{reset, reset, reset, fine}, "exported", []int{4, 4, 2, 2, 2}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ids := someIDs(4)
			s := &exportServer{script: map[string][]string{ids[2]: tt.answers}}
			v, _ := export(t, s, ids)
			v.expect(ids, map[string]string{ids[2]: tt.result})
			if diff := cmp.Diff(tt.sizes, s.sizes()); diff != "" {
				t.Errorf("ids a request (-want +got):\n%s", diff)
			}
			e, failed := v.failed[ids[2]]
			if failed && tt.name != "cut" && e.Attempts != len(tt.sizes) {
				t.Errorf("the failure has %d attempts", e.Attempts)
			}
			final := strings.HasPrefix(tt.name, "permanent") || tt.name == "error and data"
			if failed && (e.Temporary == final || e.Alone != (tt.name == "cut" || tt.name == "missing")) {
				t.Errorf("the failure is %+v", e)
			}
		})
	}
}

// TestBrokenResponsesLoseNothing breaks every response after one item. That is no failed attempt at
// the others.
func TestBrokenResponsesLoseNothing(t *testing.T) {
	ids := someIDs(20)
	s := &exportServer{}
	s.whole = func(requested []string, w http.ResponseWriter) bool {
		answers := slices.Repeat([]string{fine}, len(requested))
		if len(requested) > 1 {
			answers[1] = cut
		}
		s.write(w, requested, answers)
		return true
	}
	v, m := export(t, s, ids)
	v.expect(ids, nil)
	if stats := m.Stats(); stats.Retries != 19 || stats.Requests != 21 {
		t.Errorf("got %+v", stats)
	}
}

// TestPoison has one item whose responses break, before or after they begin, whatever is requested
// with it.
func TestPoison(t *testing.T) {
	for answer, result := range map[string]string{cut: "BrokenResponse", reset: "NoResponse"} {
		for at := range 3 {
			ids := someIDs(20)
			poison := ids[at*9]
			v := newResults(t)
			m := openReached(t, (&exportServer{script: map[string][]string{poison: {answer}}}).ServeHTTP)
			if err := m.Export(t.Context(), ids, v); err != nil {
				t.Fatal(err)
			}
			v.expect(ids, map[string]string{poison: result})
			if e := v.failed[poison]; e.Attempts > 6 || !e.Temporary || !e.Alone || !strings.Contains(e.Message, "client-request-id") {
				t.Errorf("%s: got %+v", answer, e)
			}
			if n := m.Stats().Requests; n > 30 {
				t.Errorf("%s: %d requests", answer, n)
			}
		}
	}
}

// TestBatchRefused has one item because of which requests are refused. The others are exported with
// few requests, and no pause for Graph's limits.
func TestBatchRefused(t *testing.T) {
	tests := []struct {
		status       int
		code, result string
		temporary    bool
	}{
		{500, "ErrorCorruptData", "ErrorCorruptData", false},
		{400, "ErrorInvalidIdMalformed", "ErrorInvalidIdMalformed", false},
		{413, "RequestEntityTooLarge", "RequestEntityTooLarge", false},
		{404, "ErrorItemNotFound", "gone", false},
		{501, "", "Status501", false},
		{401, "InvalidAuthenticationToken", "InvalidAuthenticationToken", false},
		{403, "ErrorAccessDenied", "ErrorAccessDenied", false},
		{404, "ResourceNotFound", "ResourceNotFound", false},
		{403, "", "Status403", true},
		{404, "", "Status404", true},
		{400, "", "Status400", true},
		{413, "", "Status413", true},
		{500, "ErrorInternalServerError", "ErrorInternalServerError", true},
		{504, "", "Status504", true},
		{503, "", "Status503", true},
		{503, "ErrorServerBusy", "ErrorServerBusy", true},
	}
	for _, tt := range tests {
		t.Run(http.StatusText(tt.status)+tt.code, func(t *testing.T) {
			ids := someIDs(20)
			with := 0 // requests with the item
			s := &exportServer{whole: func(requested []string, w http.ResponseWriter) bool {
				if !slices.Contains(requested, ids[7]) {
					return false
				}
				with++
				refuse(w, tt.status, tt.code, "")
				return true
			}}
			inBubble(t, s.ServeHTTP, graph.Options{}, func(t *testing.T, c *graph.Client) {
				m, v, began := reached(t, c), newResults(t), time.Now()
				if err := m.Export(t.Context(), ids, v); err != nil {
					t.Fatal(err)
				}
				v.expect(ids, map[string]string{ids[7]: tt.result})
				if with > 6 || len(s.sizes()) > 20 {
					t.Errorf("%d requests with the item, of %d", with, len(s.sizes()))
				}
				if took := time.Since(began); took > 15*time.Second {
					t.Errorf("took %v", took)
				}
				if e, failed := v.failed[ids[7]]; failed && (e.Temporary != tt.temporary || !e.Alone) {
					t.Errorf("the failure is %+v", e)
				}
			})
		})
	}
}

// TestTwoPoisons has two items because of which requests are refused.
func TestTwoPoisons(t *testing.T) {
	ids := someIDs(20)
	s := &exportServer{whole: func(requested []string, w http.ResponseWriter) bool {
		bad := slices.Contains(requested, ids[3]) || slices.Contains(requested, ids[16])
		if bad {
			refuse(w, 503, "", "")
		}
		return bad
	}}
	inBubble(t, s.ServeHTTP, graph.Options{}, func(t *testing.T, c *graph.Client) {
		v, began := newResults(t), time.Now()
		if err := reached(t, c).Export(t.Context(), ids, v); err != nil {
			t.Fatal(err)
		}
		v.expect(ids, map[string]string{ids[3]: "Status503", ids[16]: "Status503"})
		if took := time.Since(began); took > time.Minute || len(s.sizes()) > 30 {
			t.Errorf("took %v and %d requests", took, len(s.sizes()))
		}
	})
}

// TestWholeMailbox checks which errors end an export without results for the remaining items: those
// that every export meets.
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
		{503, "TooManyRequests"},
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
			inBubble(t, s.ServeHTTP, graph.Options{}, func(t *testing.T, c *graph.Client) {
				v := newResults(t)
				err := c.Open(mailboxID).Export(t.Context(), ids, v)
				graphError(t, err, tt.status, tt.code)
				v.expect([]string{ids[0], ids[2]}, nil)
			})
		})
	}
}

// TestRefusedForAMoment checks that up to three refusals of exports are not held against the
// mailbox or its items.
func TestRefusedForAMoment(t *testing.T) {
	for _, status := range []int{401, 403, 404} {
		for times := 1; times <= 3; times++ {
			refused := 0
			s := &exportServer{whole: func(_ []string, w http.ResponseWriter) bool {
				if refused == times {
					return false
				}
				refused++
				refuse(w, status, "ErrorAccessDenied", "why")
				return true
			}}
			inBubble(t, s.ServeHTTP, graph.Options{}, func(t *testing.T, c *graph.Client) {
				ids, v := someIDs(20), newResults(t)
				if err := reached(t, c).Export(t.Context(), ids, v); err != nil {
					t.Fatal(err)
				}
				v.expect(ids, nil)
			})
		}
	}
}

// TestNetworkDown checks that an export ends when Graph no longer answers.
func TestNetworkDown(t *testing.T) {
	ids := someIDs(3)
	var down atomic.Bool
	m := open(t, func(w http.ResponseWriter, r *http.Request) {
		if down.Swap(true) {
			panic(http.ErrAbortHandler)
		}
		(&exportServer{script: map[string][]string{ids[1]: {missing}}}).ServeHTTP(w, r)
	})
	v := newResults(t)
	graphError(t, m.Export(t.Context(), ids, v), 0, "")
	v.expect([]string{ids[0], ids[2]}, nil)
}

// TestAllFail checks that exports without any success end soon: the caller decides when to request
// the items again.
func TestAllFail(t *testing.T) {
	for _, answer := range []string{cut, reset, missing, itemError("ErrorMailboxStoreUnavailable"), itemError("ErrorOfTomorrow")} {
		s := &exportServer{script: map[string][]string{}}
		ids := someIDs(20)
		for _, id := range ids {
			s.script[id] = []string{answer}
		}
		m := openReached(t, s.ServeHTTP)
		v := newResults(t)
		if err := m.Export(t.Context(), ids, v); err != nil {
			t.Fatal(err)
		}
		for _, id := range ids {
			if e := v.failed[id]; !e.Temporary || e.Attempts > 6 {
				t.Errorf("%s: item failed with %+v", answer, e)
			}
		}
		if n := len(s.sizes()); n > 110 {
			t.Errorf("%s: %d requests", answer, n)
		}
	}
}

// TestItemsFail checks that any number of items that fail does not end an export.
func TestItemsFail(t *testing.T) {
	for _, answer := range []string{itemError("ErrorCorruptData"), itemError("ErrorOfTomorrow"), missing} {
		s := &exportServer{script: map[string][]string{}}
		m := open(t, s.ServeHTTP)
		ids := someIDs(20)
		for _, id := range ids {
			s.script[id] = []string{answer}
		}
		for range 4 {
			if err := m.Export(t.Context(), ids, newResults(t)); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestUnrequestedAndDuplicate(t *testing.T) {
	ids := someIDs(3)
	s := &exportServer{script: map[string][]string{
		ids[0]: {fine + "," + fine + `,{"itemId":"other","data":"QUJD"},null,{"data":"QUJD"},` + itemError("ErrorItemNotFound")},
		ids[1]: {itemError("ErrorServerBusy") + "," + fine},
		ids[2]: {itemError("ErrorOfTomorrow") + "," + itemError("ErrorOfTomorrow"), fine},
	}}
	v, m := export(t, s, append(ids, ids...))
	v.expect(ids, nil)
	if stats := m.Stats(); stats.Unrequested != 3 || stats.Duplicates != 3 {
		t.Errorf("got %+v", stats)
	}
}

// nameless answers with elements without ids.
func nameless(s *exportServer, requested []string, w http.ResponseWriter) {
	rec := httptest.NewRecorder()
	s.write(rec, requested, slices.Repeat([]string{`{"changeKey":"ck","data":"%[2]s"}`}, len(requested)))
	body := rec.Body.String()
	for i := range requested { // what a format has no verb for
		body = strings.ReplaceAll(body, fmt.Sprintf("%%!(EXTRA string=%s)", requested[i]), "")
	}
	_, _ = io.WriteString(w, body)
}

// TestIDsLeftOut checks that items are requested one by one, without pauses, if elements do not say
// which items they are.
func TestIDsLeftOut(t *testing.T) {
	s := &exportServer{}
	s.whole = func(requested []string, w http.ResponseWriter) bool { nameless(s, requested, w); return true }
	inBubble(t, s.ServeHTTP, graph.Options{}, func(t *testing.T, c *graph.Client) {
		m, began := reached(t, c), time.Now()
		for range 3 {
			v := newResults(t)
			if err := m.Export(t.Context(), someIDs(20), v); err != nil {
				t.Fatal(err)
			}
			v.expect(someIDs(20), nil)
		}
		if n := len(s.sizes()); n != 61 || time.Since(began) > 2*time.Second {
			t.Errorf("%d requests took %v", n, time.Since(began))
		}
	})
}

// TestOneAnswer checks which element without an id is identified when one item was requested.
func TestOneAnswer(t *testing.T) {
	const bare, other, failed = `{"changeKey":"ck","data":"%[2]s"}`, `{"itemId":"other","changeKey":"ck","data":"%[2]s"}`, `{"error":{"code":"ErrorCorruptData","message":"why"}}`
	for name, tt := range map[string]struct{ answer, result string }{
		"one":                      {bare, "exported"},
		"one, null":                {`{"itemId":null,"changeKey":"ck","data":"%[2]s"}`, "exported"},
		"one, empty":               {`{"itemId":"","changeKey":"ck","data":"%[2]s"}`, "exported"},
		"one of nothing":           {`null,` + bare + `,{}`, "exported"},
		"an error":                 {failed, "ErrorCorruptData"},
		"gone":                     {`{"error":{"code":"ErrorItemNotFound","message":"why"}}`, "gone"},
		"two":                      {bare + "," + bare, "NotReturned"},
		"three":                    {bare + "," + bare + "," + bare, "NotReturned"},
		"one and an error":         {bare + "," + failed, "NotReturned"},
		"an error and one":         {failed + "," + bare, "NotReturned"},
		"another":                  {other, "NotReturned"},
		"another, one":             {other + "," + bare, "NotReturned"},
		"one, another":             {bare + "," + other, "NotReturned"},
		"one, the item":            {bare + "," + fine, "exported"},
		"the item, one":            {fine + "," + bare, "exported"},
		"one, and the end missing": {bare + `,{"data":"QUJD`, "BrokenResponse"},
	} {
		t.Run(name, func(t *testing.T) {
			s := &exportServer{}
			s.whole = func(requested []string, w http.ResponseWriter) bool {
				data := base64.StdEncoding.EncodeToString([]byte(stream(requested[0])))
				answer := strings.NewReplacer("%[2]s", data, "%[1]q", strconv.Quote(requested[0])).Replace(tt.answer)
				fmt.Fprintf(w, `{"value":[%s]}`, answer)
				return true
			}
			v, _ := export(t, s, []string{"a"})
			v.expect([]string{"a"}, map[string]string{"a": tt.result})
		})
	}
}

// TestUnmatched checks that an export ends soon if not even responses about one item can be
// identified.
func TestUnmatched(t *testing.T) {
	for name, answer := range map[string]string{"other ids": `{"itemId":"x","data":"QUJD"}`, "two": `{"data":"QUJD"},{"data":"QUJD"}`} {
		s := &exportServer{whole: func(_ []string, w http.ResponseWriter) bool {
			fmt.Fprintf(w, `{"value":[%s]}`, answer)
			return true
		}}
		m := openReached(t, s.ServeHTTP)
		var err error
		for i := 0; i < 10 && err == nil; i++ {
			err = m.Export(t.Context(), someIDs(20), newResults(t))
		}
		if !errors.Is(err, graph.ErrUnmatched) || len(s.sizes()) > 10 {
			t.Errorf("%s: %d requests, then %v", name, len(s.sizes()), err)
		}
	}
}

// TestUselessElements checks that a response with too many useless elements is aborted.
func TestUselessElements(t *testing.T) {
	s := &exportServer{script: map[string][]string{"a": {fine}, "b": {strings.Repeat("{},", 2000) + fine}}}
	v, m := export(t, s, []string{"a", "b"})
	v.expect([]string{"a"}, map[string]string{"b": "BrokenResponse"})
	if stats := m.Stats(); stats.Unrequested > 7000 {
		t.Errorf("got %+v", stats)
	}
}

// TestHandlerEndsExport checks that an error of the handler is returned unchanged, even an *Error,
// and ends the requests.
func TestHandlerEndsExport(t *testing.T) {
	ids := someIDs(2)
	for _, refusal := range []error{errors.New("full"), &graph.Error{Op: "x", StatusCode: 503}} {
		for _, answer := range []string{fine, missing, itemError("ErrorCorruptData"), itemError("ErrorItemNotFound")} {
			s := &exportServer{script: map[string][]string{ids[0]: {answer}, ids[1]: {answer}}}
			v := newResults(t)
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
	v := newResults(t)
	if err := m.Export(ctx, []string{"a", "b"}, v); !errors.Is(err, stop) {
		t.Errorf("got %v", err)
	}
	if v.of["b"] != "" || v.data.Len() > 0 {
		t.Errorf("got %v and %d bytes", v.of, v.data.Len())
	}
}

// TestExportCancelledByAnswer checks that the cause of a cancellation, such as Graph's response to
// another request, is no result for the items.
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
		v := newResults(t)
		if err := m.Export(ctx, []string{"a"}, v); !errors.Is(err, cause) || len(v.of) > 0 {
			t.Errorf("%s: got %v and %v", cause.Code, err, v.of)
		}
	}
}

func TestExportTakesTwenty(t *testing.T) {
	m := open(t, (&exportServer{}).ServeHTTP)
	if err := m.Export(t.Context(), someIDs(21), newResults(t)); err == nil {
		t.Error("21 ids were taken")
	}
	if err := m.Export(t.Context(), nil, newResults(t)); err != nil || m.Stats().Requests != 0 {
		t.Errorf("no ids: %v after %+v", err, m.Stats())
	}
}

// TestExportPauses checks that a pause precedes the next request for an item: a growing one, or the
// one that Graph requests.
func TestExportPauses(t *testing.T) {
	for _, retryAfter := range []string{"", "30"} {
		var requested []time.Time
		s := &exportServer{whole: func(_ []string, w http.ResponseWriter) bool {
			requested = append(requested, time.Now())
			if retryAfter != "" {
				w.Header().Set("Retry-After", retryAfter)
			}
			refuse(w, 500, "ErrorInternalServerError", "why")
			return true
		}}
		inBubble(t, s.ServeHTTP, graph.Options{}, func(t *testing.T, c *graph.Client) {
			v := newResults(t)
			if err := c.Open(mailboxID).Export(t.Context(), []string{"a"}, v); err != nil {
				t.Fatal(err)
			}
			v.expect(nil, map[string]string{"a": "ErrorInternalServerError"})
		})
		if len(requested) != 2 {
			t.Fatalf("requested %d times", len(requested))
		}
		for i := 1; i < len(requested); i++ {
			most := time.Second << (i - 1)
			least := most / 2
			if retryAfter != "" {
				least, most = 30*time.Second, 30*time.Second
			}
			if d := requested[i].Sub(requested[i-1]); d < least || d > most {
				t.Errorf("pause %d is %v, want %v to %v", i, d, least, most)
			}
		}
	}
}
