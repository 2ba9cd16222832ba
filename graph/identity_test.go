package graph_test

import (
	"encoding/base64"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mailhaul/mailhaul/graph"
)

// jwt returns a token with a payload.
func jwt(payload string) string {
	return "e30." + base64.RawURLEncoding.EncodeToString([]byte(payload)) + ".c2ln"
}

func identity(t *testing.T, token string) graph.Identity {
	t.Helper()
	credential, err := graph.NewCredential(token)
	if err != nil {
		t.Fatal(err)
	}
	c, err := graph.New(graph.Options{Credential: credential})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	id, err := c.Identity(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func TestIdentity(t *testing.T) {
	for name, test := range map[string]struct {
		token string
		want  graph.Identity
	}{
		"opaque":       {"EwBgA8l6BAAU", graph.Identity{Opaque: true}},
		"no base64":    {"a.!.c", graph.Identity{Opaque: true}},
		"no JSON":      {"a.YQ.c", graph.Identity{Opaque: true}},
		"of an app":    {jwt(`{"aud":"https://graph.microsoft.com","appid":"a1","tid":"t1","roles":["User.Read.All"],"exp":1800000000}`), graph.Identity{App: "a1", Tenant: "t1", Audience: "https://graph.microsoft.com", Roles: []string{"User.Read.All"}, Expires: time.Unix(1800000000, 0)}},
		"of a user":    {jwt(`{"app_displayname":"hauler","appid":"a1","scp":"MailboxItem.Read User.Read"}`), graph.Identity{App: "hauler", Scopes: []string{"MailboxItem.Read", "User.Read"}}},
		"a wrong type": {jwt(`{"roles":"all"}`), graph.Identity{Opaque: true}},
	} {
		t.Run(name, func(t *testing.T) {
			got := identity(t, test.token)
			if len(got.Scopes) == 0 {
				got.Scopes = nil
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
	c, err := graph.New(graph.Options{BaseURL: "http://localhost:1/v1.0"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Identity(t.Context()); !errors.Is(err, graph.ErrNoCredential) {
		t.Errorf("error is %v", err)
	}
}

func TestLacks(t *testing.T) {
	id := graph.Identity{Roles: []string{"MailboxItem.ImportExport.All", "MailboxFolder.ReadWrite.All", "User.Read.All"}}
	got := id.Lacks("MailboxItem.Export.All", "MailboxItem.Read.All", "MailboxFolder.Read.All", "User.Read.All")
	if diff := cmp.Diff([]string{"MailboxItem.Read.All"}, got); diff != "" {
		t.Error(diff)
	}
}

func FuzzIdentity(f *testing.F) {
	f.Add("a.b.c")
	f.Add(jwt(`{"roles":["x"],"exp":1}`))
	f.Fuzz(func(t *testing.T, token string) {
		if token == "" {
			return // then the environment is requested
		}
		if id := identity(t, token); id.Opaque && (id.App != "" || len(id.Roles) > 0) {
			t.Errorf("%+v", id)
		}
	})
}
