package simulator

import (
	"net/http"
	"net/url"
	"strings"
)

// loginProblem is an answer of the token endpoint, whose errors look other than Graph's.
type loginProblem struct {
	status  int
	code    string // of OAuth
	number  string // of Entra, as in AADSTS70011
	message string
}

// token answers a request for a token for client credentials.
func (c *call) token() error {
	if p := checkLogin(c.form); p != nil {
		return c.refuseLogin(p)
	}
	token := c.server.tokens.fixed
	if token == "" {
		token = c.server.tokens.issue()
	}
	var o object
	o.str("token_type", "Bearer")
	seconds := int64(c.server.tokens.lifetime.Seconds())
	o.num("expires_in", seconds)
	o.num("ext_expires_in", seconds)
	o.str("access_token", token)
	c.loginHeader()
	c.out.text(string(o.bytes()))
	return c.end()
}

func checkLogin(form url.Values) *loginProblem {
	assertion := form.Get("client_assertion") != "" &&
		form.Get("client_assertion_type") == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
	switch {
	case form.Get("grant_type") == "":
		return &loginProblem{http.StatusBadRequest, "invalid_request", "900144", "The request body must contain the following parameter: 'grant_type'."}
	case form.Get("grant_type") != "client_credentials":
		return &loginProblem{http.StatusBadRequest, "unsupported_grant_type", "70003", "The app requested an unsupported grant type."}
	case form.Get("client_id") == "":
		return &loginProblem{http.StatusBadRequest, "invalid_request", "900144", "The request body must contain the following parameter: 'client_id'."}
	case !strings.HasSuffix(form.Get("scope"), "/.default"):
		return &loginProblem{http.StatusBadRequest, "invalid_scope", "70011", "The provided request must include a 'scope' input parameter. " +
			"The provided value for the input parameter 'scope' is not valid."}
	case form.Get("client_secret") == "" && !assertion:
		return &loginProblem{http.StatusUnauthorized, "invalid_client", "7000218", "The request body must contain the following parameter: " +
			"'client_assertion' or 'client_secret'."}
	}
	return nil
}

func (c *call) loginHeader() {
	h := c.w.Header()
	h.Set("Content-Type", "application/json; charset=utf-8")
	h.Set("Cache-Control", "no-store, no-cache")
	h.Set("x-ms-request-id", c.requestID)
}

func (c *call) refuseLogin(p *loginProblem) error {
	at := c.started.Format("2006-01-02 15:04:05Z")
	correlation := newGUID()
	var o object
	o.str("error", p.code)
	o.str("error_description", "AADSTS"+p.number+": "+p.message+" Trace ID: "+c.requestID+" Correlation ID: "+correlation+" Timestamp: "+at)
	o.raw("error_codes", []byte("["+p.number+"]"))
	o.str("timestamp", at)
	o.str("trace_id", c.requestID)
	o.str("correlation_id", correlation)
	c.loginHeader()
	c.status = p.status
	c.w.WriteHeader(p.status)
	c.out.text(string(o.bytes()))
	return c.end()
}

// openIDConfiguration tells a login library where the endpoints are.
func (c *call) openIDConfiguration() error {
	tenant, _, _ := strings.Cut(strings.TrimPrefix(c.r.URL.EscapedPath(), "/"), "/")
	base := c.host() + "/" + tenant
	var o object
	o.str("token_endpoint", base+"/oauth2/v2.0/token")
	o.str("authorization_endpoint", base+"/oauth2/v2.0/authorize")
	o.str("jwks_uri", base+"/discovery/v2.0/keys")
	o.str("issuer", base+"/v2.0")
	c.loginHeader()
	c.out.text(string(o.bytes()))
	return c.end()
}
