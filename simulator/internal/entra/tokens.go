// Package entra stands in for the token endpoint of Microsoft Entra ID: it gives out bearer tokens
// for client credentials and recognises them.
package entra

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"strings"
	"sync"
	"time"

	"github.com/mailhaul/mailhaul/simulator/internal/rng"
)

// Tokens gives out bearer tokens and recognises them.
type Tokens struct {
	fixed    string // is given out instead of signed tokens, unless it is empty
	lifetime time.Duration
	now      func() time.Time
	key      []byte

	mu         sync.Mutex
	generation int // tokens of earlier generations are revoked
}

// NewTokens returns tokens that are valid for lifetime, or one fixed token that is always valid.
func NewTokens(fixed string, lifetime time.Duration, now func() time.Time) *Tokens {
	t := &Tokens{fixed: fixed, lifetime: lifetime, now: now, key: make([]byte, 32)}
	_, _ = rand.Read(t.key) // never fails
	return t
}

// Revoke makes all signed tokens so far expire.
func (t *Tokens) Revoke() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.generation++
}

func (t *Tokens) currentGeneration() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.generation
}

// claims are the contents of a token.
type claims struct {
	Audience   string `json:"aud"`
	Expires    int64  `json:"exp"`
	Generation int    `json:"gen"`
	ID         string `json:"uti"`
}

// issue returns the fixed token or a new signed one.
func (t *Tokens) issue() string {
	if t.fixed != "" {
		return t.fixed
	}
	c := claims{"https://graph.microsoft.com", t.now().Add(t.lifetime).Unix(), t.currentGeneration(), rng.FreshGUID()}
	payload, _ := json.Marshal(c) // plain values always marshal
	text := encode([]byte(`{"typ":"JWT","alg":"HS256"}`)) + "." + encode(payload)
	return text + "." + encode(t.sign(text))
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func (t *Tokens) sign(text string) []byte {
	h := hmac.New(sha256.New, t.key)
	h.Write([]byte(text))
	return h.Sum(nil)
}

// Check returns what is wrong with an Authorization header, or "".
func (t *Tokens) Check(authorization string) string {
	scheme, token, _ := strings.Cut(authorization, " ")
	token = strings.TrimSpace(token)
	switch {
	case !strings.EqualFold(scheme, "Bearer") || token == "":
		return "Access token is empty."
	case t.fixed != "" && subtle.ConstantTimeCompare([]byte(token), []byte(t.fixed)) == 1:
		return ""
	}
	return t.checkSigned(token)
}

func (t *Tokens) checkSigned(token string) string {
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
	var c claims
	if err != nil || json.Unmarshal(payload, &c) != nil {
		return "Access token validation failure."
	}
	if c.Generation < t.currentGeneration() || t.now().Unix() >= c.Expires {
		return "Lifetime validation failed, the token is expired."
	}
	return ""
}
