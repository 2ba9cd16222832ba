package repository_test

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"

	"gocloud.dev/blob"
	"gocloud.dev/blob/driver"
	"gocloud.dev/gcerrors"

	"github.com/mailhaul/mailhaul/internal/memstore"
	"github.com/mailhaul/mailhaul/manifest"
	"github.com/mailhaul/mailhaul/repository"
)

// TestAckKeys: an object below acks/ whose key does not have the form of an acknowledgement's is
// foreign.
func TestAckKeys(t *testing.T) {
	store := memstore.New()
	repo, err := repository.Init(t.Context(), store.Open())
	if err != nil {
		t.Fatal(err)
	}
	hex := manifest.SumOf([]byte("x")).Hex()
	for _, key := range []string{
		"acks/" + hex + ".json", "acks/MBX:a/" + hex + ".json", "acks/a/b/" + hex + ".json", "acks/a/" + hex, "acks/a/" + hex[1:] + ".json",
		"acks/a/" + strings.ToUpper(hex) + ".json", "acks/=4/" + hex + ".json", "xacks/a/" + hex + ".json",
	} {
		if err := store.Open().WriteAll(t.Context(), key, nil, nil); err != nil {
			t.Fatal(err)
		}
	}
	for o, err := range repo.Objects(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if o.Kind != repository.KindForeign && o.Kind != repository.KindConfig {
			t.Errorf("%s is of kind %d", o.Key, o.Kind)
		}
	}
	if acks, err := repo.Acks(t.Context(), "a"); len(acks) > 0 || err != nil {
		t.Errorf("acknowledgements are %v, %v", acks, err)
	}
}

// An endless is a store whose lists have no end. Only the config of a repository can be read from
// it.
type endless struct {
	driver.Bucket
	config []byte
	listed int
}

func (*endless) ErrorCode(error) gcerrors.ErrorCode { return gcerrors.Unknown }
func (*endless) Close() error                       { return nil }

func (e *endless) NewRangeReader(context.Context, string, int64, int64, *driver.ReaderOptions) (driver.Reader, error) {
	return &configReader{bytes.NewReader(e.config)}, nil
}

type configReader struct{ *bytes.Reader }

func (*configReader) Close() error { return nil }
func (*configReader) As(any) bool  { return false }
func (r *configReader) Attributes() *driver.ReaderAttributes {
	return &driver.ReaderAttributes{Size: r.Size()}
}

func (e *endless) ListPaged(_ context.Context, opts *driver.ListOptions) (*driver.ListPage, error) {
	page := &driver.ListPage{NextPageToken: []byte("more")}
	for range 1000 {
		e.listed++
		page.Objects = append(page.Objects, &driver.ListObject{Key: fmt.Sprintf("%s%064x.json", opts.Prefix, e.listed)})
	}
	return page, nil
}

// TestAcksBounded: a list of acknowledgements without end is an error.
func TestAcksBounded(t *testing.T) {
	bucket := memstore.New().Open()
	if _, err := repository.Init(t.Context(), bucket); err != nil {
		t.Fatal(err)
	}
	config, err := bucket.ReadAll(t.Context(), "config.json")
	if err != nil {
		t.Fatal(err)
	}
	store := &endless{config: config}
	repo, err := repository.Open(t.Context(), blob.NewBucket(store))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := repo.Acks(t.Context(), "a"); !isCorrupt(err) || store.listed > 300_000 {
		t.Errorf("after %d acknowledgements, the error is %v", store.listed, err)
	}
}
