package graph

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"github.com/mailhaul/mailhaul/internal/entra"
)

// maxToken bounds the tokens that are decoded, in bytes.
const maxToken = 64 << 10

// An Identity has the claims of a token. Their signature is not checked: they help to explain what
// Graph refuses.
type Identity struct {
	Opaque   bool      // the token is no JWT: all fields but Expires are empty
	App      string    // the app's name, or its id
	Tenant   string    // id
	Audience string    // the resource that accepts the token
	Roles    []string  // application permissions
	Scopes   []string  // delegated permissions, if the token is a user's
	Expires  time.Time // zero: unknown
}

// ErrNoCredential is in the error of a client that has none.
var ErrNoCredential = errors.New("requests carry no token")

// Identity obtains a token, without a request to Graph, and returns its claims.
func (c *Client) Identity(ctx context.Context) (Identity, error) {
	if c.opts.Credential == nil {
		return Identity{}, ErrNoCredential
	}
	token, err := c.opts.Credential.GetToken(ctx, policy.TokenRequestOptions{Scopes: []string{scope(c.base.URL)}})
	if err != nil {
		return Identity{}, &Error{Op: "obtain a token", Err: explain(err)}
	}
	id := readToken(token.Token)
	if _, fixed := c.opts.Credential.(fixedToken); !fixed {
		id.Expires = token.ExpiresOn
	}
	return id, nil
}

// Lacks returns the application permissions that the token's roles do not include. Exchange may
// grant them in other ways.
func (id *Identity) Lacks(permissions ...string) []string {
	var missing []string
	for _, p := range permissions {
		has := func(wider string) bool { return slices.Contains(id.Roles, wider) }
		if !has(p) && !slices.ContainsFunc(widerRoles[p], has) {
			missing = append(missing, p)
		}
	}
	return missing
}

// widerRoles are permissions that include another.
var widerRoles = map[string][]string{
	"User.Read.All":          {"User.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"},
	"MailboxFolder.Read.All": {"MailboxFolder.ReadWrite.All"},
	"MailboxItem.Read.All":   {"MailboxItem.ReadWrite.All"},
	"MailboxItem.Export.All": {"MailboxItem.ImportExport.All"},
}

// readToken reads the claims of a JWT.
func readToken(token string) Identity {
	parts := strings.Split(token, ".")
	if len(parts) != 3 || len(token) > maxToken {
		return Identity{Opaque: true}
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	var claims struct {
		Aud, Tid, Appid, Scp string
		AppName              string `json:"app_displayname"`
		Roles                []string
		Exp                  int64
	}
	if err != nil || json.Unmarshal(payload, &claims) != nil {
		return Identity{Opaque: true}
	}
	id := Identity{
		App: cmp.Or(claims.AppName, claims.Appid), Tenant: claims.Tid, Audience: claims.Aud,
		Roles: claims.Roles, Scopes: strings.Fields(claims.Scp),
	}
	if claims.Exp > 0 {
		id.Expires = time.Unix(claims.Exp, 0)
	}
	return id
}

// A tokenError is why there is no token, in one line.
type tokenError struct {
	text string
	err  error
}

func (e *tokenError) Error() string { return e.text }
func (e *tokenError) Unwrap() error { return e.err }

// explain returns why there is no token, in one line, or else err without its URL.
func explain(err error) error {
	if text := entra.Reason(err); text != "" {
		return &tokenError{text, err}
	}
	return withoutURL(err)
}
