package s3blob

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"os"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/s3utils"
	"gocloud.dev/blob"

	"github.com/mailhaul/mailhaul/internal/transport"
	"github.com/mailhaul/mailhaul/sinks/internal/params"
)

// Open opens the bucket that a URL names. It sends nothing to the store. The parameters have Go
// CDK's names where it has them:
//
//	endpoint        host:port or URL of the store; default: AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL, the profile's, or AWS itself
//	region          default: AWS_REGION, AWS_DEFAULT_REGION, the profile's, or what the store says
//	profile         of the shared configuration and credentials files; default: AWS_PROFILE
//	use_path_style  true: the bucket's name is in the path; s3ForcePathStyle means the same
//	disable_https   true: plain HTTP, if the endpoint has no scheme; disableSSL means the same
//	anonymous       true: requests are not signed
//	accelerate      true: AWS's transfer acceleration
//	dualstack       true: AWS's endpoints for IPv6, too
//
//	storage_class   of new objects, as the store names it
//	sse             encryption of new objects by the store: AES256 or aws:kms; ssetype means the same
//	kms_key         id of the key for aws:kms; kmskeyid means the same
//	sse_c_key_file  file with the key that encrypts and decrypts objects: 32 bytes, or their base64 or hexadecimal form
//	sse_c_key_env   name of an environment variable with that key
//	lock_mode       Object Lock of new objects: governance or compliance
//	lock_days       days of that retention
//	legal_hold      true: a legal hold on new objects
//	tags            of new objects: name=value,name=value
//	limit_upload    bytes a second, such as 20MiB/s
//	ca_file         PEM file of certificates to trust besides the system's
//
// Credentials come from AWS_ACCESS_KEY_ID and its companions, from MINIO_ROOT_USER and its
// companion, from the profile (keys, a process, single sign-on, or a role that another profile or a
// web identity assumes), or from the role of the container or the machine.
func Open(u *url.URL) (*blob.Bucket, error) {
	l, err := parse(u)
	if err != nil {
		return nil, err
	}
	t, err := transport.New(l.transport)
	if err != nil {
		return nil, err
	}
	client, err := l.client(t)
	if err != nil {
		return nil, err
	}
	return blob.NewBucket(newBucket(client, u.Host, l.write, t.CloseIdleConnections)), nil
}

// A location holds the parameters of a bucket's URL.
type location struct {
	endpoint   string // host:port
	secure     bool
	region     string
	profile    profile
	anonymous  bool
	accelerate bool
	dualstack  bool
	lookup     minio.BucketLookupType
	write      Options
	transport  transport.Options
}

func parse(u *url.URL) (l *location, err error) {
	if u.Host == "" {
		return nil, errors.New("the URL names no bucket")
	}
	if err := s3utils.CheckValidBucketName(u.Host); err != nil {
		return nil, fmt.Errorf("%q is no bucket: %w", u.Host, err)
	}
	p := params.Of(u)
	if l, err = locate(p); err != nil {
		return nil, err
	}
	l.write = writeOptions(p)
	l.transport = transport.Options{CAFile: p.String("ca_file"), UploadLimit: p.Rate("limit_upload")}
	p.Refuse("S3 has storage classes: use storage_class", "access_tier")
	p.Refuse("S3 has no encryption scopes: use sse and kms_key", "encryption_scope")
	if err := p.Err(); err != nil {
		return nil, err
	}
	if l.write.Encryption != nil && l.write.Encryption.Type() == customerKey && !l.secure {
		return nil, errors.New("a customer's key (sse_c_key_file, sse_c_key_env) goes over TLS only: want an endpoint of https")
	}
	return l, nil
}

// locate reads the parameters that say how to reach the store.
func locate(p *params.Params) (l *location, err error) {
	l = &location{secure: !p.Bool("disable_https", "disableSSL"), anonymous: p.Bool("anonymous"), accelerate: p.Bool("accelerate"), dualstack: p.Bool("dualstack")}
	if p.Bool("use_path_style", "s3ForcePathStyle") {
		l.lookup = minio.BucketLookupPath
	}
	name := p.String("profile")
	if !l.anonymous {
		if l.profile, err = loadProfile(cmp.Or(name, os.Getenv("AWS_PROFILE")), name != ""); err != nil {
			return nil, err
		}
	}
	l.endpoint = cmp.Or(p.String("endpoint"), os.Getenv("AWS_ENDPOINT_URL_S3"), os.Getenv("AWS_ENDPOINT_URL"), l.profile.endpoint)
	l.region = cmp.Or(p.String("region"), os.Getenv("AWS_REGION"), os.Getenv("AWS_DEFAULT_REGION"), l.profile.region)
	return l, l.resolve()
}

// resolve makes the endpoint a host with an optional port.
func (l *location) resolve() error {
	if l.endpoint == "" {
		l.endpoint = "s3.amazonaws.com"
		return nil
	}
	if l.accelerate || l.dualstack {
		return errors.New("accelerate and dualstack are AWS's: they go without an endpoint")
	}
	if l.region == "" {
		l.region = "us-east-1" // stores without regions accept it
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

func (l *location) client(t *transport.Transport) (*minio.Client, error) {
	credentials, err := l.credentials(t)
	if err != nil {
		return nil, err
	}
	client, err := minio.New(l.endpoint, &minio.Options{
		Creds: credentials, Secure: l.secure, Region: l.region, BucketLookup: l.lookup, Transport: t,
		MaxRetries: 1, // the caller retries
	})
	if err != nil {
		return nil, fmt.Errorf("endpoint: %w", err)
	}
	if l.accelerate {
		client.SetS3TransferAccelerate("s3-accelerate.amazonaws.com")
	}
	client.SetS3EnableDualstack(l.dualstack)
	return client, nil
}
