package graph_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailhaul/mailhaul/graph"
)

// TestMailboxes finds mailboxes in all forms of the settings.
func TestMailboxes(t *testing.T) {
	primary := graph.Mailbox{ID: "MBX:p", User: "a@x", Kind: "primary"}
	archive := graph.Mailbox{ID: "MBX:a", User: "a@x", Kind: "archive"}
	const (
		without = `{"@odata.context":"x","primaryMailboxId":"MBX:p"}`
		with    = `{"primaryMailboxId":"MBX:p","inPlaceArchiveMailboxId":"MBX:a"}`
	)
	tests := []struct {
		name     string
		v1, beta string // a body, or a status
		archive  bool
		want     []graph.Mailbox
		requests int
	}{
		{"primary", without, with, false, []graph.Mailbox{primary}, 1},
		{"in a list", `{"value":[` + without + `]}`, "", false, []graph.Mailbox{primary}, 1},
		{"archive in v1.0", with, "", true, []graph.Mailbox{primary, archive}, 1},
		{"archive in beta", without, with, true, []graph.Mailbox{primary, archive}, 2},
		{"archive in beta, in a list", without, `{"value":[` + with + `]}`, true, []graph.Mailbox{primary, archive}, 2},
		{"no archive", without, without, true, []graph.Mailbox{primary}, 2},
		{"null", `{"primaryMailboxId":"MBX:p","inPlaceArchiveMailboxId":null}`, without, true, []graph.Mailbox{primary}, 2},
		{"archive that is not requested", with, with, false, []graph.Mailbox{primary}, 1},
		{"refused by v1.0", "400", with, false, []graph.Mailbox{primary}, 2},
		{"none", `{}`, `{}`, false, nil, 1},
		{"no user", "404", "404", false, nil, 1},
		{"denied", "403", "403", true, nil, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			requests := 0
			c := newClient(t, func(w http.ResponseWriter, r *http.Request) {
				requests++
				answer := tt.v1
				if strings.HasPrefix(r.URL.Path, "/beta") {
					answer = tt.beta
				}
				if !strings.HasSuffix(r.URL.Path, "/users/a@x/settings/exchange") {
					t.Errorf("requested %s", r.URL)
				}
				if len(answer) == 3 {
					refuse(w, int(answer[0]-'0')*100+int(answer[2]-'0'), "Request_ResourceNotFound", "")
					return
				}
				fmt.Fprint(w, answer)
			}, graph.Options{})
			got, err := c.Mailboxes(t.Context(), "a@x", tt.archive)
			if (err != nil) != (tt.want == nil) || requests != tt.requests {
				t.Errorf("%v after %d requests", err, requests)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if err != nil && !strings.Contains(err.Error(), "a@x") {
				t.Errorf("%v names no user", err)
			}
		})
	}
}

func TestUsersAreNames(t *testing.T) {
	var path string
	c := newClient(t, func(w http.ResponseWriter, r *http.Request) {
		path = r.URL.EscapedPath()
		fmt.Fprint(w, `{"primaryMailboxId":"MBX:p"}`)
	}, graph.Options{})
	for _, user := range []string{"", ".", "..", " "} {
		if _, err := c.Mailboxes(t.Context(), user, false); err == nil || path != "" {
			t.Errorf("%q: requested %q", user, path)
		}
	}
	if _, err := c.Mailboxes(t.Context(), "a/../b?c#d", false); err != nil || path != "/v1.0/users/a%2F..%2Fb%3Fc%23d/settings/exchange" {
		t.Errorf("%v, %q", err, path)
	}
}
