package s3blob

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strconv"
	"time"

	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/mailhaul/mailhaul/repository/store"
)

// noAccess returns a permanent error about credentials.
func noAccess(err error) error {
	return &store.Error{Kind: store.NoAccess, Reason: store.OneLine(err.Error()), Err: err}
}

// A chain takes credentials from the first of its providers that has any. Unlike minio-go's own
// chain, it returns the error of a provider that has credentials and cannot give them, and it never
// falls back to unsigned requests, which only the parameter anonymous makes.
type chain struct {
	providers []credentials.Provider
	current   credentials.Provider
}

// IsExpired implements credentials.Provider.
func (c *chain) IsExpired() bool { return c.current == nil || c.current.IsExpired() }

// Retrieve implements credentials.Provider.
func (c *chain) Retrieve() (credentials.Value, error) { return c.RetrieveWithCredContext(nil) }

// RetrieveWithCredContext implements credentials.Provider.
func (c *chain) RetrieveWithCredContext(cc *credentials.CredContext) (credentials.Value, error) {
	for _, p := range c.providers {
		v, err := p.RetrieveWithCredContext(cc)
		switch {
		case err != nil:
			return credentials.Value{}, permanent(err)
		case v.AccessKeyID != "" && v.SecretAccessKey != "":
			c.current = p
			return v, nil
		case v.AccessKeyID != "" || v.SecretAccessKey != "":
			return credentials.Value{}, noAccess(errHalf)
		}
	}
	return credentials.Value{}, noAccess(errNone)
}

var errHalf = errors.New("credentials: there is an access key without a secret, or a secret without an access key")

var errNone = errors.New("no credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE to a profile that has them")

// permanent makes the error of a provider permanent, unless the network failed.
func permanent(err error) error {
	var network net.Error
	var e *store.Error
	switch {
	case errors.As(err, &e):
		return err
	case errors.As(err, &network):
		return fmt.Errorf("credentials: %w", err)
	}
	return noAccess(fmt.Errorf("credentials: %w", err))
}

// metadataTime bounds the wait for the metadata service of a machine or a container. It is near, or
// does not exist.
const metadataTime = 5 * time.Second

// A machine provides the role of the machine or container that the program runs on.
type machine struct{ credentials.IAM }

func newMachine(region string, t http.RoundTripper) *machine {
	m := &machine{credentials.IAM{Client: &http.Client{Transport: t, Timeout: metadataTime}, Region: region}}
	switch {
	case os.Getenv("AWS_WEB_IDENTITY_TOKEN_FILE") != "":
		m.Endpoint = stsEndpoint(region)
	case !inContainer():
		m.Endpoint = os.Getenv("AWS_EC2_METADATA_SERVICE_ENDPOINT")
	}
	return m
}

func inContainer() bool {
	return os.Getenv("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") != "" || os.Getenv("AWS_CONTAINER_CREDENTIALS_FULL_URI") != ""
}

// Retrieve implements credentials.Provider.
func (m *machine) Retrieve() (credentials.Value, error) { return m.RetrieveWithCredContext(nil) }

// RetrieveWithCredContext implements credentials.Provider. A machine that has no metadata
// service has no role.
func (m *machine) RetrieveWithCredContext(cc *credentials.CredContext) (credentials.Value, error) {
	isConfigured := inContainer() || os.Getenv("AWS_WEB_IDENTITY_TOKEN_FILE") != ""
	if off, _ := strconv.ParseBool(os.Getenv("AWS_EC2_METADATA_DISABLED")); off && !isConfigured {
		return credentials.Value{}, nil
	}
	v, err := m.IAM.RetrieveWithCredContext(cc)
	if err != nil && !isConfigured {
		err = noAccess(fmt.Errorf("%w; the machine has no role: %w", errNone, err))
	}
	return v, err
}
