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
)

// A credentialsError is why there are no credentials: another try does not help.
type credentialsError struct{ error }

func (e credentialsError) Unwrap() error { return e.error }

// A chain takes credentials from the first of its providers that has any. Unlike minio-go's
// own, it tells what a provider says that has them and cannot give them, and it never ends
// in requests that are not signed: those are for who asks for them.
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
			return credentials.Value{}, told(err)
		case v.AccessKeyID != "" && v.SecretAccessKey != "":
			c.current = p
			return v, nil
		case v.AccessKeyID != "" || v.SecretAccessKey != "":
			return credentials.Value{}, credentialsError{errors.New("credentials: there is an access key without a secret, or a secret without an access key")}
		}
	}
	return credentials.Value{}, credentialsError{errNone}
}

var errNone = errors.New("no credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE to a profile that has them")

// told makes what a provider says final, unless the network broke.
func told(err error) error {
	var network net.Error
	var final credentialsError
	switch {
	case errors.As(err, &final):
		return err
	case errors.As(err, &network):
		return fmt.Errorf("credentials: %w", err)
	}
	return credentialsError{fmt.Errorf("credentials: %w", err)}
}

// metadataTime is how long the metadata service of a machine or a container has to answer:
// it is near, or it is not there.
const metadataTime = 5 * time.Second

// A machine has the role of what the program runs on.
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
	asked := inContainer() || os.Getenv("AWS_WEB_IDENTITY_TOKEN_FILE") != ""
	if off, _ := strconv.ParseBool(os.Getenv("AWS_EC2_METADATA_DISABLED")); off && !asked {
		return credentials.Value{}, nil
	}
	v, err := m.IAM.RetrieveWithCredContext(cc)
	if err != nil && !asked {
		err = credentialsError{fmt.Errorf("%w; the machine has no role: %w", errNone, err)}
	}
	return v, err
}
