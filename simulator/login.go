package simulator

import (
	"strings"

	"github.com/mailhaul/mailhaul/simulator/internal/entra"
)

// grantToken answers a request for a token.
func grantToken(c *call) error {
	body, problem := c.server.tokens.Grant(c.form)
	if problem != nil {
		body = problem.JSON(c.answer.requestID, c.started)
		return c.writeLogin(problem.Status, body)
	}
	return c.writeLogin(0, body)
}

// showConfiguration answers with the OpenID configuration of the tenant that the path names.
func showConfiguration(c *call) error {
	tenant, _, _ := strings.Cut(strings.TrimPrefix(c.r.URL.EscapedPath(), "/"), "/")
	return c.writeLogin(0, entra.Configuration(c.host+"/"+tenant))
}

// writeLogin writes an answer of Entra ID; a status of 0 leaves 200 as it is.
func (c *call) writeLogin(status int, body []byte) error {
	h := c.answer.w.Header()
	h.Set("Content-Type", "application/json; charset=utf-8")
	h.Set("Cache-Control", "no-store, no-cache")
	h.Set("x-ms-request-id", c.answer.requestID)
	if status != 0 {
		c.answer.status = status
		c.answer.w.WriteHeader(status)
	}
	c.answer.write(body)
	return nil
}
