package sinks_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/mailhaul/mailhaul/internal/memstore"
	"github.com/mailhaul/mailhaul/repository"
	"github.com/mailhaul/mailhaul/repository/store"
)

// A lister has the formats in which a store lists a page.
type lister struct {
	url          string // %s is the server's host
	page, object string // of a page: the objects and the next token
}

var listers = map[string]lister{
	"S3": {
		"s3://bucket?endpoint=http://%s",
		`<ListBucketResult>%s<IsTruncated>true</IsTruncated><NextContinuationToken>%d</NextContinuationToken></ListBucketResult>`,
		`<Contents><Key>packs/%04d</Key><Size>1</Size><LastModified>2026-01-02T15:04:05Z</LastModified><ETag>"1"</ETag></Contents>`,
	},
	"Azure": {
		"azblob://bucket?protocol=http&domain=%s",
		`<EnumerationResults><Blobs>%s</Blobs><NextMarker>%d</NextMarker></EnumerationResults>`,
		`<Blob><Name>packs/%04d</Name><Properties><Content-Length>1</Content-Length><Last-Modified>Mon, 02 Jan 2006 15:04:05 GMT</Last-Modified><Etag>1</Etag></Properties></Blob>`,
	},
	"Google": {
		"gs://bucket",
		`{"items":[%s],"nextPageToken":"%d"}`,
		`{"name":"packs/%04d","bucket":"bucket","size":"1"}`,
	},
}

// objects formats n objects of a page.
func (l lister) objects(n int) string {
	separator := ""
	if strings.HasPrefix(l.object, "{") {
		separator = ","
	}
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf(l.object, i)
	}
	return strings.Join(all, separator)
}

// endlessStore returns a repository in a store that lists what answer returns. n is the number of
// the request for a page, from 1.
func endlessStore(t *testing.T, l lister, answer func(n int64) string) *repository.Repository {
	t.Helper()
	store := memstore.New()
	if _, err := repository.Init(t.Context(), store.Open()); err != nil {
		t.Fatal(err)
	}
	config, err := store.Open().ReadAll(t.Context(), "config.json")
	if err != nil {
		t.Fatal(err)
	}
	var lists atomic.Int64
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Ms-Request-Id", "1")
		w.Header().Set("ETag", `"1"`)
		w.Header().Set("Last-Modified", "Mon, 02 Jan 2006 15:04:05 GMT")
		if strings.HasSuffix(r.URL.Path, "config.json") {
			_, _ = w.Write(config)
			return
		}
		fmt.Fprint(w, answer(lists.Add(1)))
	}))
	t.Cleanup(web.Close)
	host := web.Listener.Addr().String()
	azureEnv(t, "AZURE_STORAGE_ACCOUNT", "account", "AZURE_STORAGE_KEY", "a2V5")
	t.Setenv("STORAGE_EMULATOR_HOST", host)
	t.Setenv("AWS_ACCESS_KEY_ID", "key")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	repo, err := repository.Open(t.Context(), open(t, strings.Replace(l.url, "%s", host, 1)))
	if err != nil {
		t.Fatal(err)
	}
	return repo
}

// firstTry returns a context that ends before the repository repeats a call.
func firstTry(t *testing.T, repo *repository.Repository) context.Context {
	ctx, stop := context.WithCancel(t.Context())
	t.Cleanup(stop)
	repo.SetLogger(slog.New(onRecord{slog.NewTextHandler(t.Output(), nil), stop}))
	return ctx
}

// TestEndlessLists: the error of a list without end says so, whatever its pages hold.
func TestEndlessLists(t *testing.T) {
	for name, l := range listers {
		for pages, answer := range map[string]func(n int64) string{
			"no objects, new tokens":       func(n int64) string { return fmt.Sprintf(l.page, "", n) },
			"no objects, one token":        func(int64) string { return fmt.Sprintf(l.page, "", 7) },
			"the same objects, new tokens": func(n int64) string { return fmt.Sprintf(l.page, l.objects(500), n) },
			"the same objects, one token":  func(int64) string { return fmt.Sprintf(l.page, l.objects(500), 7) },
			"one page without an end":      func(n int64) string { return fmt.Sprintf(l.page, strings.Repeat(" ", 9<<20), n) },
		} {
			t.Run(name+", "+pages, func(t *testing.T) {
				repo := endlessStore(t, l, answer)
				var err error
				for _, err = range repo.Objects(firstTry(t, repo)) {
				}
				if err == nil || !strings.Contains(err.Error(), "end") || repository.IsNotFound(err) || !repository.IsTransient(err) || store.Remedy(err) == "" {
					t.Errorf("error is %v, remedy is %q", err, store.Remedy(err))
				}
			})
		}
	}
}

// TestShortPages: a list of short pages is read to its end.
func TestShortPages(t *testing.T) {
	const pages = 1200
	for name, l := range listers {
		t.Run(name, func(t *testing.T) {
			repo := endlessStore(t, l, func(n int64) string {
				text := fmt.Sprintf(l.page, fmt.Sprintf(l.object, n), n)
				if n == pages {
					text = strings.NewReplacer("true", "false", fmt.Sprint(pages), "").Replace(text)
				}
				return text
			})
			count := 0
			for _, err := range repo.Objects(t.Context()) {
				if err != nil {
					t.Fatal(err)
				}
				count++
			}
			if count < pages-1 {
				t.Errorf("%d objects", count)
			}
		})
	}
}
