package bench_test

import (
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/minio/minio-go/v7"

	"github.com/mailhaul/mailhaul/bench"
	"github.com/mailhaul/mailhaul/internal/servers"
)

// TestS3 measures with a MinIO that bench starts itself, and a night in which nothing changes.
func TestS3(t *testing.T) {
	servers.MinIO(t) // skips the test where there is none
	opts := options(t)
	opts.MinIO = filepath.Join("..", ".cache", "bin", "minio")
	if runtime.GOOS == "windows" {
		opts.MinIO += ".exe"
	}
	s := bench.Scenario{Name: "night", Store: bench.StoreS3, Items: 120, ItemSize: 9000, Repetitions: 1, Nightly: true, Baseline: true, Stages: true, Restic: true}
	r := measure(t, opts, s)
	checkStages(t, r)
	contender(t, r, bench.TheBaseline, 1)
	if run := contender(t, r, bench.NoChange, 1)[0]; run.Items != 0 || run.Requests == 0 || run.CPU() <= 0 {
		t.Errorf("the night took %+v", run)
	}
	if r.PackReads < 1 || r.PackReads > 3 {
		t.Errorf("%d reads of packs to extract one item", r.PackReads)
	}
}

// TestRepo measures at a store that is given, which keeps versions, and leaves nothing there.
func TestRepo(t *testing.T) {
	server := servers.MinIO(t)
	server.Setenv(t)
	bucket := server.Bucket(t)
	if err := server.Client.EnableVersioning(t.Context(), bucket); err != nil {
		t.Fatal(err)
	}
	opts := options(t)
	opts.Repo = server.URL(bucket, "some/where")
	s := bench.Scenario{Name: "given", Store: bench.StoreS3, Items: 50, ItemSize: 9000, Repetitions: 1, Baseline: true, Nightly: true}
	r := measure(t, opts, s)
	contender(t, r, bench.Mailhaul, 1)
	contender(t, r, bench.TheBaseline, 1)
	if r.PackReads != 0 {
		t.Errorf("%d reads of packs were counted at a store that is not bench's own", r.PackReads)
	}
	for o := range server.Client.ListObjects(t.Context(), bucket, minio.ListObjectsOptions{Recursive: true, WithVersions: true}) {
		t.Errorf("%s is left behind, %v", o.Key, o.Err)
	}
}

// TestRepoLocked: what may not be deleted is told, and keeps nothing from being measured.
func TestRepoLocked(t *testing.T) {
	server := servers.MinIO(t)
	server.Setenv(t)
	const bucket = "locked"
	if err := server.Client.MakeBucket(t.Context(), bucket, minio.MakeBucketOptions{ObjectLocking: true}); err != nil {
		t.Fatal(err)
	}
	mode, days, unit := minio.Compliance, uint(1), minio.Days
	if err := server.Client.SetObjectLockConfig(t.Context(), bucket, &mode, &days, &unit); err != nil {
		t.Fatal(err)
	}
	opts := options(t)
	opts.Repo = server.URL(bucket, "mail")
	report, err := bench.Measure(t.Context(), opts, bench.Scenario{Name: "given", Store: bench.StoreS3, Items: 5, Repetitions: 1})
	if err == nil || !strings.Contains(err.Error(), "stay below doctor/bench-") {
		t.Errorf("error is %v", err)
	}
	if report == nil || len(report.Scenarios) != 1 || len(report.Failed) != 0 {
		t.Errorf("the report is %+v", report)
	}
}
