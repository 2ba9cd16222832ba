package graph

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
)

const (
	defaultBaseURL = "https://graph.microsoft.com/v1.0"
	defaultScope   = "https://graph.microsoft.com/.default"

	// maxInFlight is how many requests Graph takes at once for an app and a mailbox.
	maxInFlight = 4

	// defaultBudget is how many it takes in budgetWindow.
	defaultBudget = 10_000
)

// Options say where Graph is and how patient a Client is. The zero value is Graph
// itself, without the credential that it needs.
type Options struct {
	// BaseURL is Graph with its version, by default https://graph.microsoft.com/v1.0.
	// Plain HTTP is taken for loopback addresses only.
	BaseURL string

	// Credential gives the token, which is sent to BaseURL's host alone. It may be
	// nil for a loopback address: then requests carry no Authorization.
	Credential azcore.TokenCredential

	// MaxAttempts is how often a request is sent that meets temporary errors, by
	// default 10; at most 5 times if it is refused without a reason, and 3 times to a
	// host that never answered. It does not count while Graph asks to wait.
	MaxAttempts int

	// MaxRetryTime is how long a request may meet errors until it is not sent again, by
	// default 30 minutes. It does not limit how long a response takes.
	MaxRetryTime time.Duration

	// RetryDelay is the first pause before a request is sent again where Graph names
	// none, by default 1 second. It doubles each time, up to 1 minute. Where Graph
	// throttles it is 15 times that, then 30, 45 and 60 times, up to 1 minute too.
	RetryDelay time.Duration

	// IdleTimeout is how long a response may bring nothing, by default 2 minutes,
	// which is also the time that it has to begin. In each such time it brings at least
	// 512 bytes a second. A slow reader does not count.
	IdleTimeout time.Duration

	// MaxInFlight bounds the requests in flight for a mailbox: 1 to 4, by default 4.
	MaxInFlight int

	// Budget bounds the requests for a mailbox in ten minutes, by default 10,000,
	// which is what Graph allows. Negative: they are not bounded.
	Budget int

	// NoProperties leaves Item.Properties empty, which makes listings shorter.
	NoProperties bool

	// PageSize is how many items or folders are asked for at once, by default 999.
	// A service that refuses it is asked for fewer.
	PageSize int

	// UserAgent names the program, by default "mailhaul".
	UserAgent string

	// Transport sends requests, by default over connections of its own. An
	// *http.Client is used without its redirects, which the Client checks and follows.
	Transport policy.Transporter
}

func (o Options) withDefaults() Options {
	setDefault(&o.BaseURL, defaultBaseURL)
	setDefault(&o.MaxAttempts, 10)
	setDefault(&o.MaxRetryTime, 30*time.Minute)
	setDefault(&o.RetryDelay, time.Second)
	o.RetryDelay = min(o.RetryDelay, maxRetryDelay)
	setDefault(&o.IdleTimeout, 2*time.Minute)
	setDefault(&o.MaxInFlight, maxInFlight)
	setDefault(&o.Budget, defaultBudget)
	setDefault(&o.PageSize, pageSizes[0])
	setDefault(&o.UserAgent, "mailhaul")
	return o
}

func setDefault[T comparable](v *T, to T) {
	if *v == *new(T) {
		*v = to
	}
}

// check returns the parsed base URL.
func (o *Options) check() (*url.URL, error) {
	base, err := parseBase(o.BaseURL)
	if err != nil {
		return nil, err
	}
	switch {
	case o.Credential == nil && !loopback(base.Hostname()):
		return nil, fmt.Errorf("%s takes no requests without a credential", base.Host)
	case o.MaxAttempts < 0, o.MaxRetryTime < 0, o.RetryDelay < 0, o.IdleTimeout < 0, o.PageSize < 0:
		return nil, errors.New("limits of the Graph client are not negative")
	case o.MaxInFlight < 1 || o.MaxInFlight > maxInFlight:
		return nil, fmt.Errorf("%d requests in flight: Graph takes 1 to %d for a mailbox", o.MaxInFlight, maxInFlight)
	}
	return base, nil
}

// parseBase parses a base URL. Errors do not repeat it as a whole: it may hold a
// password that does not belong there.
func parseBase(s string) (*url.URL, error) {
	u, err := url.Parse(s)
	if err != nil {
		return nil, errors.New("the Graph URL is no URL")
	}
	switch {
	case u.User != nil:
		return nil, errors.New("the Graph URL has a user name in it: credentials do not belong there")
	case u.Scheme != "https" && u.Scheme != "http":
		return nil, fmt.Errorf("the Graph URL begins with %q, not https://", u.Scheme)
	case u.Hostname() == "":
		return nil, errors.New("the Graph URL has no host")
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return nil, errors.New("the Graph URL has a query or a fragment")
	case u.Scheme == "http" && !loopback(u.Hostname()):
		return nil, fmt.Errorf("plain HTTP to %s would show the token to everyone on the way: https, or a loopback address", u.Hostname())
	}
	u.Path, u.RawPath = strings.TrimRight(u.Path, "/"), strings.TrimRight(u.RawPath, "/")
	return u, nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}

// scope is what a token is asked for.
func scope(base *url.URL) string {
	if loopback(base.Hostname()) {
		return defaultScope
	}
	return base.Scheme + "://" + base.Host + "/.default"
}

// transport is what o says, without redirects, and what closes its idle
// connections if they are the client's own.
func (o *Options) transport() (t policy.Transporter, closeIdle func()) {
	noRedirect := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	switch t := o.Transport.(type) {
	case nil:
		own := newTransport()
		return &http.Client{Transport: own, CheckRedirect: noRedirect}, own.CloseIdleConnections
	case *http.Client:
		c := *t
		c.CheckRedirect = noRedirect
		return &c, func() {}
	}
	return o.Transport, func() {}
}

// newTransport returns the connections of a client: of HTTP/1.1, one for each request in
// flight. Those of HTTP/2 would share one, with its windows and its end, and take a
// sixth more CPU time.
func newTransport() *http.Transport {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.MaxIdleConns, t.MaxIdleConnsPerHost = 0, 64
	t.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12} // in which the default's speaks of HTTP/2
	t.ForceAttemptHTTP2, t.Protocols = false, &http.Protocols{}
	t.Protocols.SetHTTP1(true)
	return t
}

// NewCredential returns a credential that always gives token or, if that is empty,
// azidentity's DefaultAzureCredential: a secret, certificate, workload or managed
// identity from the environment, or the login of the Azure CLI.
func NewCredential(token string) (azcore.TokenCredential, error) {
	if token != "" {
		return fixedToken(token), nil
	}
	c, err := azidentity.NewDefaultAzureCredential(nil)
	if err != nil {
		return nil, fmt.Errorf("find a credential: %w", err)
	}
	return c, nil
}

type fixedToken string

// GetToken gives the token. When it expires shows in Graph's answers only.
func (t fixedToken) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return azcore.AccessToken{Token: string(t), ExpiresOn: time.Now().Add(time.Hour)}, nil
}

func (fixedToken) String() string   { return "(token)" }
func (fixedToken) GoString() string { return "(token)" }
