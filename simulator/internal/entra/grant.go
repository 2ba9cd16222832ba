package entra

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/mailhaul/mailhaul/simulator/internal/odata"
	"github.com/mailhaul/mailhaul/simulator/internal/rng"
)

// Problem is an error of the token endpoint, which has another form than Graph's.
type Problem struct {
	Status  int
	code    string // of OAuth
	number  string // of Entra ID, as in AADSTS70011
	message string
}

// Grant answers a request for a token for client credentials.
func (t *Tokens) Grant(form url.Values) ([]byte, *Problem) {
	if p := check(form); p != nil {
		return nil, p
	}
	seconds := int64(t.lifetime.Seconds())
	var o odata.Object
	o.String("token_type", "Bearer")
	o.Int("expires_in", seconds)
	o.Int("ext_expires_in", seconds)
	o.String("access_token", t.issue())
	return o.Close(), nil
}

func check(form url.Values) *Problem {
	assertion := form.Get("client_assertion") != "" &&
		form.Get("client_assertion_type") == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
	switch {
	case form.Get("grant_type") == "":
		return &Problem{http.StatusBadRequest, "invalid_request", "900144", "The request body must contain the following parameter: 'grant_type'."}
	case form.Get("grant_type") != "client_credentials":
		return &Problem{http.StatusBadRequest, "unsupported_grant_type", "70003", "The app requested an unsupported grant type."}
	case form.Get("client_id") == "":
		return &Problem{http.StatusBadRequest, "invalid_request", "900144", "The request body must contain the following parameter: 'client_id'."}
	case !strings.HasSuffix(form.Get("scope"), "/.default"):
		return &Problem{http.StatusBadRequest, "invalid_scope", "70011", "The provided request must include a 'scope' input parameter. " +
			"The provided value for the input parameter 'scope' is not valid."}
	case form.Get("client_secret") == "" && !assertion:
		return &Problem{http.StatusUnauthorized, "invalid_client", "7000218", "The request body must contain the following parameter: " +
			"'client_assertion' or 'client_secret'."}
	}
	return nil
}

// JSON returns the body of the answer to a request.
func (p *Problem) JSON(requestID string, at time.Time) []byte {
	date := at.Format("2006-01-02 15:04:05Z")
	correlation := rng.FreshGUID()
	var o odata.Object
	o.String("error", p.code)
	o.String("error_description", "AADSTS"+p.number+": "+p.message+" Trace ID: "+requestID+" Correlation ID: "+correlation+" Timestamp: "+date)
	o.Raw("error_codes", []byte("["+p.number+"]"))
	o.String("timestamp", date)
	o.String("trace_id", requestID)
	o.String("correlation_id", correlation)
	return o.Close()
}

// Configuration returns the OpenID configuration of a tenant, whose URL is base: it leads login
// libraries to the token endpoint.
func Configuration(base string) []byte {
	var o odata.Object
	o.String("token_endpoint", base+"/oauth2/v2.0/token")
	o.String("authorization_endpoint", base+"/oauth2/v2.0/authorize")
	o.String("jwks_uri", base+"/discovery/v2.0/keys")
	o.String("issuer", base+"/v2.0")
	return o.Close()
}
