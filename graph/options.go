package graph

import (
	"context"
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

	"github.com/mailhaul/mailhaul/graph/internal/transport"
)

const (
	defaultBaseURL = "https://graph.microsoft.com/v1.0"
	defaultScope   = "https://graph.microsoft.com/.default"

	// maxInFlight is how many requests of an app to a mailbox Graph accepts at a time.
	maxInFlight = 4

	// defaultBudget is how many it accepts in ten minutes.
	defaultBudget = 10_000
)

// Options configure a Client. The zero value is Microsoft's Graph without the credential that it
// needs.
type Options struct {
	// BaseURL is Graph with its version, by default https://graph.microsoft.com/v1.0. Plain HTTP is
	// accepted for loopback addresses only.
	BaseURL string

	// Credential provides the token, which is sent to BaseURL's host alone. It may be nil for a
	// loopback address: then requests have no Authorization header.
	Credential azcore.TokenCredential

	// MaxAttempts bounds how often a request with temporary errors is sent, by default 10 times. A
	// request that is refused without a reason is sent at most 5 times, and one to a host that
	// never answered 3 times. While Graph requests pauses, attempts do not count.
	MaxAttempts int

	// MaxRetryTime is how long a request may fail until it is not sent again, by default 30
	// minutes. It does not limit how long a response takes.
	MaxRetryTime time.Duration

	// RetryDelay is the first pause before a request is sent again if Graph requests none, by
	// default 1 second. It doubles each time, up to 1 minute. While Graph throttles, pauses are 15,
	// 30, 45 and then 60 times RetryDelay, also up to 1 minute.
	RetryDelay time.Duration

	// IdleTimeout is how long a response may take to begin, and then deliver nothing, by default 2
	// minutes. In each such period it has to deliver 512 bytes a second. The time of a slow reader
	// does not count.
	IdleTimeout time.Duration

	// MaxInFlight bounds the requests to a mailbox in flight: 1 to 4, by default 4.
	MaxInFlight int

	// Budget bounds the requests to a mailbox in ten minutes, by default to the 10,000 that Graph
	// allows. Negative: unlimited.
	Budget int

	// NoProperties leaves Item.Properties empty, which makes pages smaller.
	NoProperties bool

	// PageSize is how many items or folders a page may have, by default 999. If Graph refuses, the
	// client requests fewer.
	PageSize int

	// UserAgent names the program, by default "mailhaul".
	UserAgent string

	// Transport sends requests, by default over connections of the Client's own. An *http.Client
	// does not follow redirects: the Client checks and follows them.
	Transport policy.Transporter
}

func (o Options) withDefaults() Options {
	setDefault(&o.BaseURL, defaultBaseURL)
	setDefault(&o.MaxAttempts, 10)
	setDefault(&o.MaxRetryTime, 30*time.Minute)
	setDefault(&o.RetryDelay, time.Second)
	o.RetryDelay = min(o.RetryDelay, maxPause)
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

// parseBase parses a base URL. Errors do not quote all of it, as it may have a password.
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

// scope returns the scope of the token for Graph.
func scope(base *url.URL) string {
	if loopback(base.Hostname()) {
		return defaultScope
	}
	return base.Scheme + "://" + base.Host + "/.default"
}

// transport returns the transport, which does not follow redirects, and a function that closes idle
// connections if they are the Client's own.
func (o *Options) transport() (t policy.Transporter, closeIdle func()) {
	noRedirect := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	switch t := o.Transport.(type) {
	case nil:
		own := transport.New()
		return &http.Client{Transport: own, CheckRedirect: noRedirect}, own.CloseIdleConnections
	case *http.Client:
		c := *t
		c.CheckRedirect = noRedirect
		return &c, func() {}
	}
	return o.Transport, func() {}
}

// NewCredential returns a credential that always provides token or, if that is empty, azidentity's
// DefaultAzureCredential: a secret, certificate, workload identity or managed identity from the
// environment, or the login of the Azure CLI.
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

// GetToken returns the token. Only Graph's responses show that it has expired.
func (t fixedToken) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return azcore.AccessToken{Token: string(t), ExpiresOn: time.Now().Add(time.Hour)}, nil
}

func (fixedToken) String() string   { return "(token)" }
func (fixedToken) GoString() string { return "(token)" }
