package simulator_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mailhaul/mailhaul/simulator"
)

// TestTokenLifetime checks that a signed token expires and a fixed one does not.
func TestTokenLifetime(t *testing.T) {
	now := time.Date(2026, 5, 6, 7, 8, 9, 0, time.UTC)
	opts := simulator.Options{RequireToken: true, TokenLifetime: time.Minute, Now: func() time.Time { return now }}
	for _, fixed := range []string{"", "secret"} {
		opts.Token = fixed
		g := start(t, opts)
		form := "client_id=x&scope=x/.default&grant_type=client_credentials&client_secret=y"
		_, _, body := g.do(http.MethodPost, strings.TrimSuffix(g.url, "v1.0")+"t/oauth2/v2.0/token", []byte(form), "Content-Type", "application/x-www-form-urlencoded")
		var a struct {
			AccessToken string `json:"access_token"`
		}
		if err := json.Unmarshal(body, &a); err != nil || fixed != "" && a.AccessToken != fixed {
			t.Fatalf("%v: %s", err, body)
		}
		g.header.Set("Authorization", "bearer "+a.AccessToken)
		now = now.Add(59 * time.Second)
		get[page[folder]](g, g.inMailbox("/folders"))
		now = now.Add(time.Second)
		if fixed == "" {
			g.refused(401, http.MethodGet, g.inMailbox("/folders"), nil)
		} else {
			get[page[folder]](g, g.inMailbox("/folders"))
		}
	}
}

func TestTokens(t *testing.T) {
	g := start(t, simulator.Options{Items: 20, RequireToken: true})
	host := strings.TrimSuffix(g.url, "/v1.0")
	type answer struct {
		TokenType        string `json:"token_type"`
		ExpiresIn        int    `json:"expires_in"`
		AccessToken      string `json:"access_token"`
		Error            string
		ErrorDescription string `json:"error_description"`
		ErrorCodes       []int  `json:"error_codes"`
	}
	request := func(pairs ...string) (int, answer) {
		form := url.Values{}
		for i := 0; i < len(pairs); i += 2 {
			form.Set(pairs[i], pairs[i+1])
		}
		status, _, body := g.do(http.MethodPost, host+"/contoso.com/oauth2/v2.0/token", []byte(form.Encode()), "Content-Type", "application/x-www-form-urlencoded")
		var a answer
		if err := json.Unmarshal(body, &a); err != nil {
			t.Fatalf("%v: %s", err, body)
		}
		return status, a
	}
	const scope = "https://graph.microsoft.com/.default"
	status, ok := request("client_id", "x", "scope", scope, "grant_type", "client_credentials", "client_secret", "y")
	if status != 200 || ok.TokenType != "Bearer" || ok.ExpiresIn != 3600 || !strings.HasPrefix(ok.AccessToken, "eyJ") {
		t.Fatalf("token: %d %+v", status, ok)
	}
	if status, a := request("client_id", "x", "scope", "mail", "grant_type", "client_credentials", "client_secret", "y"); status != 400 ||
		a.Error != "invalid_scope" || !slices.Equal(a.ErrorCodes, []int{70011}) || !strings.HasPrefix(a.ErrorDescription, "AADSTS70011: ") {
		t.Errorf("wrong scope: %d %+v", status, a)
	}
	if status, a := request("client_id", "x", "scope", scope, "grant_type", "client_credentials"); status != 401 || a.Error != "invalid_client" {
		t.Errorf("no secret: %d %+v", status, a)
	}

	for want, form := range map[string][]string{
		"invalid_request":        {"client_id", "x"},
		"unsupported_grant_type": {"client_id", "x", "grant_type", "password"},
		"invalid_scope":          {"client_id", "x", "grant_type", "client_credentials"},
		"invalid_client":         {"client_id", "x", "grant_type", "client_credentials", "scope", scope, "client_assertion", "y"},
	} {
		if status, a := request(form...); status < 400 || a.Error != want {
			t.Errorf("%v: %d %+v", form, status, a)
		}
	}
	const assertion = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
	if status, _ := request("client_id", "x", "scope", scope, "grant_type", "client_credentials", "client_assertion", "y", "client_assertion_type", assertion); status != 200 {
		t.Errorf("assertion: %d", status)
	}

	for name, header := range map[string]string{
		"none": "", "empty": "Bearer ", "other": "Basic abc", "nonsense": "Bearer abc",
		"forged": "Bearer " + ok.AccessToken[:len(ok.AccessToken)-4] + "AAAA",
	} {
		if code := g.refused(401, http.MethodGet, g.inMailbox("/folders"), nil, "Authorization", header); code != "InvalidAuthenticationToken" {
			t.Errorf("%s token: code %s", name, code)
		}
	}
	g.header.Set("Authorization", "Bearer "+ok.AccessToken)
	get[page[folder]](g, g.inMailbox("/folders"))
	if c := get[map[string]string](g, host+"/contoso.com/v2.0/.well-known/openid-configuration"); c["token_endpoint"] != host+"/contoso.com/oauth2/v2.0/token" {
		t.Errorf("configuration is %v", c)
	}
	g.sim.RevokeTokens()
	g.refused(401, http.MethodGet, g.inMailbox("/folders"), nil)
	_, fresh := request("client_id", "x", "scope", scope, "grant_type", "client_credentials", "client_secret", "y")
	g.header.Set("Authorization", "Bearer "+fresh.AccessToken)
	get[page[folder]](g, g.inMailbox("/folders"))
}
