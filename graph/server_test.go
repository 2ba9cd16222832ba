package graph_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/mailhaul/mailhaul/graph"
)

const mailboxID = "MBX:e0643f21@a7809c93"

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// newClient returns a client of a server with the handler, with short pauses.
func newClient(t *testing.T, h http.HandlerFunc, opts graph.Options) *graph.Client {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	opts.BaseURL = server.URL + "/v1.0"
	return newClientAt(t, opts)
}

func newClientAt(t *testing.T, opts graph.Options) *graph.Client {
	t.Helper()
	if opts.RetryDelay == 0 {
		opts.RetryDelay = time.Microsecond
	}
	client, err := graph.New(opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return client
}

func open(t *testing.T, h http.HandlerFunc) *graph.MailboxClient {
	t.Helper()
	return newClient(t, h, graph.Options{}).Open(mailboxID)
}

// openReached is open for a server that is known to answer.
func openReached(t *testing.T, h http.HandlerFunc) *graph.MailboxClient {
	t.Helper()
	return reached(t, newClient(t, h, graph.Options{}))
}

func reached(t *testing.T, c *graph.Client) *graph.MailboxClient {
	t.Helper()
	m := c.Open(mailboxID)
	if _, err := m.Folders(t.Context()); err != nil {
		t.Fatal(err)
	}
	return m
}

// A transport answers requests within the process, so that synctest controls the time.
type transport func(*http.Request) (*http.Response, error)

func (f transport) Do(r *http.Request) (*http.Response, error) { return f(r) }

// inProcess answers requests with a handler, within the process.
func inProcess(h http.HandlerFunc) transport {
	return func(r *http.Request) (*http.Response, error) {
		if err := r.Context().Err(); err != nil {
			return nil, err
		}
		rec := httptest.NewRecorder()
		h(rec, r)
		resp := rec.Result()
		resp.Request = r
		return resp, nil
	}
}

// refuse answers with Graph's error envelope.
func refuse(w http.ResponseWriter, status int, code, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("request-id", "11111111-2222-3333-4444-555555555555")
	w.WriteHeader(status)
	fmt.Fprintf(w, `{"error":{"code":%q,"message":%q}}`, code, message)
}

// graphError checks that err is an *Error with a status and, unless it is empty, a code.
func graphError(t *testing.T, err error, status int, code string) {
	t.Helper()
	var e *graph.Error
	if !errors.As(err, &e) {
		t.Fatalf("got %v, want an *Error", err)
	}
	if e.StatusCode != status || code != "" && e.Code != code {
		t.Errorf("got %d %s (%v), want %d %s", e.StatusCode, e.Code, err, status, code)
	}
}

// What an exportServer may answer for an id, besides JSON with %[1]q for the id.
const (
	fine    = `{"itemId":%[1]q,"changeKey":"ck","data":"%[2]s"}`
	missing = ""      // no element
	cut     = "cut"   // the response ends in the middle of the element
	reset   = "reset" // there is no response
)

func itemError(code string) string {
	return `{"itemId":%[1]q,"error":{"code":"` + code + `","message":"why"}}`
}

// An exportServer is exportItems with a script: the answers for an id, one for each request. The
// last one is repeated; ids without a script get fine.
type exportServer struct {
	script map[string][]string
	whole  func(ids []string, w http.ResponseWriter) bool // answers instead

	mu        sync.Mutex
	requested [][]string
}

// stream returns the stream of an item.
func stream(id string) string { return strings.Repeat("stream of "+id+"\n", 1000) }

func (s *exportServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodGet {
		fmt.Fprint(w, `{"value":[]}`) // a list of folders
		return
	}
	var body struct{ ItemIDs []string }
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil || !strings.HasSuffix(r.URL.Path, "/"+mailboxID+"/exportItems") {
		refuse(w, http.StatusBadRequest, "BadRequest", r.URL.Path)
		return
	}
	s.mu.Lock()
	s.requested = append(s.requested, body.ItemIDs)
	answers := make([]string, len(body.ItemIDs))
	for i, id := range body.ItemIDs {
		answers[i] = s.next(id)
	}
	s.mu.Unlock()
	if s.whole != nil && s.whole(body.ItemIDs, w) {
		return
	}
	for _, a := range answers {
		if a == reset {
			panic(http.ErrAbortHandler)
		}
	}
	s.write(w, body.ItemIDs, answers)
}

// next returns the next answer for an id. The lock is held.
func (s *exportServer) next(id string) string {
	answers := s.script[id]
	switch len(answers) {
	case 0:
		return fine
	case 1:
	default:
		s.script[id] = answers[1:]
	}
	return answers[0]
}

func (s *exportServer) write(w http.ResponseWriter, ids, answers []string) {
	fmt.Fprint(w, `{"@odata.context":"x","value":[`)
	separator := ""
	for i, id := range ids {
		data := base64.StdEncoding.EncodeToString([]byte(stream(id)))
		switch answers[i] {
		case missing:
			continue
		case cut:
			fmt.Fprintf(w, `%s{"itemId":%q,"data":"%s`, separator, id, data[:len(data)/2])
			_ = http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		}
		fmt.Fprint(w, separator)
		fmt.Fprintf(w, strings.ReplaceAll(answers[i], "%[2]s", data), id)
		separator = ","
	}
	fmt.Fprint(w, `]}`)
}

// sizes returns the number of ids in each request.
func (s *exportServer) sizes() []int {
	s.mu.Lock()
	defer s.mu.Unlock()
	var n []int
	for _, ids := range s.requested {
		n = append(n, len(ids))
	}
	return n
}
