package lab

import (
	"context"
	"crypto/rand"
	"fmt"
	"net"
	"os/exec"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

// A minIO is a running MinIO server.
type minIO struct {
	addr, access, secret string
	client               *minio.Client
	cancel               context.CancelFunc

	ended chan struct{} // closed when the server has ended
	err   error         // valid then
}

const (
	minIOTimeout  = 60 * time.Second
	minIOAttempts = 5 // another process may take the port first
)

// startMinIO starts a server on a free port of loopback.
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
	killWithContext(cmd)
	m.ended = make(chan struct{})
	if err := cmd.Start(); err != nil {
		m.cancel()
		return err
	}
	go func() {
		defer close(m.ended)
		m.err = cmd.Wait()
	}()
	if err := m.awaitReady(ctx); err != nil {
		m.stop()
		return err
	}
	return nil
}

// awaitReady returns when the server accepts its credentials.
func (m *minIO) awaitReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, minIOTimeout)
	defer cancel()
	for {
		request, done := context.WithTimeout(ctx, time.Second) // the client retries by itself
		_, err := m.client.ListBuckets(request)
		done()
		if err == nil {
			return nil
		}
		select {
		case <-m.ended:
			return fmt.Errorf("the server ended at once: %v", m.err)
		case <-ctx.Done():
			return err
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// stop kills the server.
func (m *minIO) stop() {
	m.cancel()
	<-m.ended
}

// newStore creates a bucket.
func (m *minIO) newStore(ctx context.Context, bucket string) (scratchStore, error) {
	if err := m.client.MakeBucket(ctx, bucket, minio.MakeBucketOptions{}); err != nil {
		return scratchStore{}, fmt.Errorf("create bucket %s: %w", bucket, err)
	}
	return scratchStore{
		url: fmt.Sprintf("s3://%s?endpoint=http://%s&region=us-east-1&use_path_style=true", bucket, m.addr),
		env: []string{"AWS_ACCESS_KEY_ID=" + m.access, "AWS_SECRET_ACCESS_KEY=" + m.secret},
		remove: func(ctx context.Context) error {
			return m.client.RemoveBucketWithOptions(ctx, bucket, minio.RemoveBucketOptions{ForceDelete: true})
		},
	}, nil
}

// freeAddress returns an address of loopback that no process listens on now.
func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}
