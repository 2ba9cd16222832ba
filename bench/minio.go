package bench

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"os/exec"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

// A minIO is a MinIO server that belongs to a lab.
type minIO struct {
	addr, access, secret string
	client               *minio.Client
	cancel               context.CancelFunc

	ended chan struct{} // closed when the server has
	why   error         // then
}

const (
	minIOPatience = 60 * time.Second
	minIOAttempts = 5 // somebody else may take the port first
)

// errNoMinIO is told of scenarios that need a store, before anything is made for them.
var errNoMinIO = errors.New("no MinIO to measure with: name its binary or an S3 store")

// canStore reports whether there is a store of a kind.
func (o *Options) canStore(s Store) bool { return s != StoreS3 || o.MinIO != "" || o.Repo != "" }

// startMinIO starts the server of a binary on a free port of loopback.
func startMinIO(ctx context.Context, binary, dir string) (*minIO, error) {
	var err error
	for range minIOAttempts {
		m := &minIO{access: rand.Text(), secret: rand.Text()}
		if err = m.start(ctx, binary, dir); err == nil {
			return m, nil
		}
	}
	return nil, fmt.Errorf("start MinIO: %w", err)
}

func (m *minIO) start(ctx context.Context, binary, dir string) error {
	var err error
	if m.addr, err = freeAddress(); err != nil {
		return err
	}
	if m.client, err = minio.New(m.addr, &minio.Options{Creds: credentials.NewStaticV4(m.access, m.secret, ""), Region: "us-east-1"}); err != nil {
		return err
	}
	ctx, m.cancel = context.WithCancel(ctx)
	cmd := exec.CommandContext(ctx, binary, "server", "--quiet", "--address", m.addr, dir)
	cmd.Env = environment("MINIO_ROOT_USER="+m.access, "MINIO_ROOT_PASSWORD="+m.secret, "MINIO_BROWSER=off", "MINIO_UPDATE=off", "MINIO_CI_CD=on")
	tie(cmd)
	m.ended = make(chan struct{})
	if err := cmd.Start(); err != nil {
		m.cancel()
		return err
	}
	go func() {
		defer close(m.ended)
		m.why = cmd.Wait()
	}()
	if err := m.await(ctx); err != nil {
		m.stop()
		return err
	}
	return nil
}

// await returns when the server answers to its credentials.
func (m *minIO) await(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, minIOPatience)
	defer cancel()
	for {
		ask, done := context.WithTimeout(ctx, time.Second) // the client tries again and again
		_, err := m.client.ListBuckets(ask)
		done()
		if err == nil {
			return nil
		}
		select {
		case <-m.ended:
			return fmt.Errorf("the server ended at once: %v", m.why)
		case <-ctx.Done():
			return err
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// stop ends the server.
func (m *minIO) stop() {
	m.cancel() // kills it
	<-m.ended
}

// place makes a bucket.
func (m *minIO) place(ctx context.Context, bucket string) (place, error) {
	if err := m.client.MakeBucket(ctx, bucket, minio.MakeBucketOptions{}); err != nil {
		return place{}, fmt.Errorf("make bucket %s: %w", bucket, err)
	}
	return place{
		url: s3URL(bucket, m.addr),
		env: []string{"AWS_ACCESS_KEY_ID=" + m.access, "AWS_SECRET_ACCESS_KEY=" + m.secret},
		remove: func(ctx context.Context) error {
			return m.client.RemoveBucketWithOptions(ctx, bucket, minio.RemoveBucketOptions{ForceDelete: true})
		},
	}, nil
}

func s3URL(bucket, addr string) string {
	return fmt.Sprintf("s3://%s?endpoint=http://%s&region=us-east-1&use_path_style=true", bucket, addr)
}

// freeAddress returns an address of loopback that nobody listens on, at the moment.
func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}
