package s3blob

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strconv"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

// A location is what a URL says of a bucket and how to reach it.
type location struct {
	endpoint   string // host:port
	secure     bool
	region     string
	profile    string
	anonymous  bool
	accelerate bool
	lookup     minio.BucketLookupType
	caFile     string
}

// NewClient returns a client for the bucket that an s3:// URL names. It sends nothing. Parameters, named as
// Go CDK names them:
//
//	endpoint        host:port or URL of the store; default: AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL, or AWS itself
//	region          default: AWS_REGION, AWS_DEFAULT_REGION, or what the store says
//	profile         of the shared credentials file; default: AWS_PROFILE
//	use_path_style  true: the bucket's name is in the path; s3ForcePathStyle means the same
//	disable_https   true: plain HTTP, where endpoint tells no scheme
//	anonymous       true: requests are not signed
//	accelerate      true: AWS's transfer acceleration
//	ca_file         PEM file of the certificates to trust, besides the system's
//
// Credentials come from AWS_ACCESS_KEY_ID and so on, MINIO_ROOT_USER and so on, the shared
// credentials file, web identity, and the container's or machine's role.
func NewClient(u *url.URL) (*minio.Client, error) {
	l, err := parse(u)
	if err != nil {
		return nil, err
	}
	transport, err := l.transport()
	if err != nil {
		return nil, err
	}
	client, err := minio.New(l.endpoint, &minio.Options{
		Creds: l.credentials(), Secure: l.secure, Region: l.region, BucketLookup: l.lookup, Transport: transport, MaxRetries: 4,
	})
	if err != nil {
		return nil, fmt.Errorf("endpoint: %w", err)
	}
	if l.accelerate {
		client.SetS3TransferAccelerate("s3-accelerate.amazonaws.com")
	}
	return client, nil
}

func parse(u *url.URL) (l location, err error) {
	l = location{endpoint: firstOf(os.Getenv("AWS_ENDPOINT_URL_S3"), os.Getenv("AWS_ENDPOINT_URL")), secure: true,
		region: firstOf(os.Getenv("AWS_REGION"), os.Getenv("AWS_DEFAULT_REGION"))}
	if u.Host == "" {
		return l, errors.New("the URL names no bucket")
	}
	for name, values := range u.Query() {
		value := values[len(values)-1]
		switch name {
		case "endpoint":
			l.endpoint = value
		case "region":
			l.region = value
		case "profile":
			l.profile = value
		case "ca_file":
			l.caFile = value
		case "use_path_style", "s3ForcePathStyle":
			err = flag(value, func() { l.lookup = minio.BucketLookupPath })
		case "disable_https", "disableSSL":
			err = flag(value, func() { l.secure = false })
		case "anonymous":
			err = flag(value, func() { l.anonymous = true })
		case "accelerate":
			err = flag(value, func() { l.accelerate = true })
		default:
			return l, fmt.Errorf("unknown parameter %q", name)
		}
		if err != nil {
			return l, fmt.Errorf("parameter %s: %w", name, err)
		}
	}
	return l, l.resolve()
}

// flag calls set if value is true.
func flag(value string, set func()) error {
	on, err := strconv.ParseBool(value)
	if err != nil {
		return fmt.Errorf("%.40q is neither true nor false", value)
	}
	if on {
		set()
	}
	return nil
}

// resolve turns the endpoint into a host.
func (l *location) resolve() error {
	if l.endpoint == "" {
		l.endpoint = "s3.amazonaws.com"
		return nil
	}
	if l.region == "" {
		l.region = "us-east-1" // what stores that have none take
	}
	u, err := url.Parse(l.endpoint)
	if err != nil || u.Host == "" {
		return nil // host:port
	}
	if u.Scheme != "http" && u.Scheme != "https" || u.Path != "" && u.Path != "/" || u.User != nil || u.RawQuery != "" {
		return errors.New("endpoint is no URL of http or https with a host and nothing else")
	}
	l.endpoint, l.secure = u.Host, u.Scheme == "https"
	return nil
}

func (l *location) credentials() *credentials.Credentials {
	if l.anonymous {
		return credentials.NewStaticV4("", "", "")
	}
	shared := &credentials.FileAWSCredentials{Profile: l.profile}
	if l.profile != "" {
		return credentials.New(shared)
	}
	return credentials.NewChainCredentials([]credentials.Provider{
		&credentials.EnvAWS{}, &credentials.EnvMinio{}, shared, &credentials.IAM{},
	})
}

// transport returns minio-go's own, with the certificates that are trusted besides.
func (l *location) transport() (*http.Transport, error) {
	t, err := minio.DefaultTransport(l.secure)
	if err != nil || l.caFile == "" {
		return t, err
	}
	pem, err := os.ReadFile(l.caFile)
	if err != nil {
		return nil, fmt.Errorf("ca_file: %w", err)
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	if !pool.AppendCertsFromPEM(pem) {
		return nil, errors.New("ca_file holds no PEM certificate")
	}
	t.TLSClientConfig = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	return t, nil
}

func firstOf(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
