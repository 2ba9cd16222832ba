package simulator

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"time"
)

// tokens gives out bearer tokens and recognises them.
type tokens struct {
	required bool
	fixed    string
	lifetime time.Duration
	now      func() time.Time
	key      []byte

	mu      sync.Mutex
	revoked int // tokens of earlier generations count no more
}

// claims are what a token says.
type claims struct {
	Audience   string `json:"aud"`
	Expires    int64  `json:"exp"`
	Generation int    `json:"gen"`
	ID         string `json:"uti"`
}

func (t *tokens) init(opts Options) {
	t.required, t.fixed, t.lifetime, t.now = opts.RequireToken, opts.Token, opts.TokenLifetime, opts.Now
	t.key = make([]byte, 32)
	_, _ = rand.Read(t.key) // never fails
}

// RevokeTokens makes all signed tokens that were given out so far count as expired.
func (s *Server) RevokeTokens() {
	s.tokens.mu.Lock()
	defer s.tokens.mu.Unlock()
	s.tokens.revoked++
}

// issue makes a signed token.
func (t *tokens) issue() string {
	t.mu.Lock()
	generation := t.revoked
	t.mu.Unlock()
	c := claims{"https://graph.microsoft.com", t.now().Add(t.lifetime).Unix(), generation, newGUID()}
	payload, _ := json.Marshal(c) // plain values always marshal
	text := encodePart([]byte(`{"typ":"JWT","alg":"HS256"}`)) + "." + encodePart(payload)
	return text + "." + encodePart(t.sign(text))
}

func encodePart(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func (t *tokens) sign(text string) []byte {
	h := hmac.New(sha256.New, t.key)
	h.Write([]byte(text))
	return h.Sum(nil)
}

// check refuses a request without a token that holds.
func (t *tokens) check(c *call) error {
	if !t.required {
		return nil
	}
	scheme, token, _ := strings.Cut(c.r.Header.Get("Authorization"), " ")
	token = strings.TrimSpace(token)
	problem := ""
	switch {
	case !strings.EqualFold(scheme, "Bearer") || token == "":
		problem = "Access token is empty."
	case t.fixed != "" && subtle.ConstantTimeCompare([]byte(token), []byte(t.fixed)) == 1:
	default:
		problem = t.problem(token)
	}
	if problem == "" {
		return nil
	}
	return &apiError{status: http.StatusUnauthorized, code: "InvalidAuthenticationToken", message: problem,
		headers: [][2]string{{"WWW-Authenticate", `Bearer realm="", authorization_uri="` + c.host() + `/common/oauth2/authorize"`}}}
}

// problem says what is wrong with a signed token.
func (t *tokens) problem(token string) string {
	i := strings.LastIndexByte(token, '.')
	if i < 0 || strings.Count(token, ".") != 2 {
		return "IDX14100: JWT is not well formed, there are no dots (.)."
	}
	signature, err := base64.RawURLEncoding.DecodeString(token[i+1:])
	if err != nil || !hmac.Equal(signature, t.sign(token[:i])) {
		return "Access token validation failure. Invalid signature."
	}
	_, part, _ := strings.Cut(token[:i], ".")
	payload, err := base64.RawURLEncoding.DecodeString(part)
	var said claims
	if err != nil || json.Unmarshal(payload, &said) != nil {
		return "Access token validation failure."
	}
	t.mu.Lock()
	revoked := t.revoked
	t.mu.Unlock()
	if said.Generation < revoked || t.now().Unix() >= said.Expires {
		return "Lifetime validation failed, the token is expired."
	}
	return ""
}
