package doctor_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/mailhaul/mailhaul/doctor"
	"github.com/mailhaul/mailhaul/graph"
	"github.com/mailhaul/mailhaul/simulator"
)

// newGraph starts a simulated Graph with one mailbox, and returns the options to examine it.
func newGraph(t *testing.T, opts simulator.Options) (*simulator.Server, doctor.GraphOptions) {
	t.Helper()
	opts.Seed, opts.MaxItemSize = 5, 20<<10
	sim, err := simulator.New(opts)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(sim)
	t.Cleanup(server.Close)
	return sim, doctor.GraphOptions{Client: graph.Options{BaseURL: server.URL + "/v1.0"}, User: sim.Mailboxes()[0].User}
}

// examineGraph runs the checks, and returns the results by name.
func examineGraph(ctx context.Context, t *testing.T, opts doctor.GraphOptions) map[string]doctor.Result {
	t.Helper()
	checks, err := doctor.Graph(ctx, opts)
	if err != nil {
		t.Fatal(err)
	}
	results := map[string]doctor.Result{}
	for r := range checks {
		if r.Part != "graph" || r.Proves == "" {
			t.Errorf("%+v: it is incomplete", r)
		}
		results[r.Check] = r
	}
	return results
}

// TestPermissions expects that the call which needs a permission reports that it is missing.
func TestPermissions(t *testing.T) {
	for permission, op := range map[string]simulator.Operation{
		"User.Read.All": simulator.OpSettings, "MailboxFolder.Read.All": simulator.OpFolders,
		"MailboxItem.Read.All": simulator.OpItems, "MailboxItem.Export.All": simulator.OpExport,
	} {
		t.Run(permission, func(t *testing.T) {
			sim, opts := newGraph(t, simulator.Options{Items: 3})
			sim.Inject(simulator.Fault{Operation: op, Times: -1, Status: http.StatusForbidden})
			results := examineGraph(t.Context(), t, opts)
			if failed := withStatus(results, doctor.Failed); !slices.Equal(failed, []string{permission}) {
				t.Errorf("%q failed", failed)
			}
			r := results[permission]
			if !strings.Contains(r.Seen, "403 ErrorAccessDenied") || !strings.Contains(r.Remedy, "the application permission "+permission) {
				t.Errorf("%+v", r)
			}
		})
	}
}

// TestToken expects what a token says of itself, and never the token.
func TestToken(t *testing.T) {
	type want map[string]string // of a check: its status, and a part of what it saw
	for name, test := range map[string]struct {
		token string
		want  want
	}{
		"opaque":  {"opaque-token", want{"token": "ok: obtained", "MailboxItem.Export.All": "ok: an item of"}},
		"refused": {"another", want{"token": "ok: obtained", "User.Read.All": "failed: ", "MailboxItem.Export.All": "skipped: it needs"}},
		"expired": {jwt(t, map[string]any{"appid": "a", "exp": 1_600_000_000}),
			want{"token": "failed: the token expired at 2020-09-13T12:26:40Z", "User.Read.All": "skipped: it needs"}},
		"without a role": {jwt(t, map[string]any{"appid": "hauler", "roles": []string{"User.Read.All", "MailboxItem.Read.All", "MailboxItem.ImportExport.All"}}),
			want{"token": "note: obtained for the app hauler, without MailboxFolder.Read.All"}},
		"of a user": {jwt(t, map[string]any{"appid": "hauler", "scp": "MailboxItem.Read"}), want{"token": "note: a user's token, by the app hauler: MailboxItem.Read"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, opts := newGraph(t, simulator.Options{Items: 3, RequireToken: true, Token: "opaque-token"})
			var err error
			if opts.Client.Credential, err = graph.NewCredential(test.token); err != nil {
				t.Fatal(err)
			}
			results := examineGraph(t.Context(), t, opts)
			for check, want := range test.want {
				if got := fmt.Sprintf("%s: %s", results[check].Status, results[check].Seen); !strings.HasPrefix(got, want) {
					t.Errorf("%s is %s, want %s", check, got, want)
				}
			}
			if text := fmt.Sprint(results); strings.Contains(text, test.token) {
				t.Errorf("the results show the token: %s", text)
			}
		})
	}
}

// jwt returns a token with claims.
func jwt(t *testing.T, claims map[string]any) string {
	t.Helper()
	payload, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("e30.%s.c2ln", base64.RawURLEncoding.EncodeToString(payload))
}

// TestGraphRemedy expects that the caller's remedies are used.
func TestGraphRemedy(t *testing.T) {
	sim, opts := newGraph(t, simulator.Options{Items: 3})
	sim.Inject(simulator.Fault{Operation: simulator.OpFolders, Times: -1, Status: http.StatusNotFound})
	opts.Remedy = func(err error) string {
		if e, ok := errors.AsType[*graph.Error](err); ok {
			return fmt.Sprint("look up ", e.StatusCode)
		}
		return ""
	}
	if r := examineGraph(t.Context(), t, opts)["MailboxFolder.Read.All"]; r.Status != doctor.Failed || r.Remedy != "look up 404" {
		t.Errorf("%+v", r)
	}
}

func TestEmptyMailbox(t *testing.T) {
	_, opts := newGraph(t, simulator.Options{Items: -1})
	results := examineGraph(t.Context(), t, opts)
	for _, check := range []string{"MailboxItem.Read.All", "MailboxItem.Export.All"} {
		if r := results[check]; r.Status != doctor.Skipped {
			t.Errorf("%+v", r)
		}
	}
}

// TestGraphOptions expects an error before anything is sent.
func TestGraphOptions(t *testing.T) {
	if _, err := doctor.Graph(t.Context(), doctor.GraphOptions{Client: graph.Options{BaseURL: "http://example.com"}}); err == nil {
		t.Error("plain HTTP to another host is accepted")
	}
}
