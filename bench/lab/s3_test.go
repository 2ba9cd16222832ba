package lab_test

import (
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/minio/minio-go/v7"

	"github.com/mailhaul/mailhaul/bench/lab"
	"github.com/mailhaul/mailhaul/bench/report"
	"github.com/mailhaul/mailhaul/internal/servers"
)

// TestS3 measures with a MinIO that the lab starts, and a nightly run.
func TestS3(t *testing.T) {
	servers.MinIO(t) // skips the test if there is none
	opts := options(t)
	opts.MinIO = filepath.Join("..", "..", ".cache", "bin", "minio")
	if runtime.GOOS == "windows" {
		opts.MinIO += ".exe"
	}
	s := lab.Scenario{Name: "night", Store: lab.StoreS3, Items: 120, ItemSize: 9000, Repetitions: 1, Nightly: true, Baseline: true, Stages: true, Restic: true}
	r := measure(t, opts, s)
	checkStages(t, r)
	runsOf(t, r, report.Baseline, 1)
	if run := runsOf(t, r, "mailhaul, nothing changed", 1)[0]; run.Items != 0 || run.Requests == 0 || run.CPU() <= 0 {
		t.Errorf("the nightly run is %+v", run)
	}
	if r.PackReads < 1 || r.PackReads > 3 {
		t.Errorf("%d reads of packs to extract one item", r.PackReads)
	}
}

// TestRepo measures with a store of the user that keeps versions, and leaves none of them.
func TestRepo(t *testing.T) {
	server := servers.MinIO(t)
	server.Setenv(t)
	bucket := server.Bucket(t)
	if err := server.Client.EnableVersioning(t.Context(), bucket); err != nil {
		t.Fatal(err)
	}
	opts := options(t)
	opts.Repo = server.URL(bucket, "some/where")
	s := lab.Scenario{Name: "given", Store: lab.StoreS3, Items: 50, ItemSize: 9000, Repetitions: 1, Baseline: true, Nightly: true}
	r := measure(t, opts, s)
	runsOf(t, r, report.Mailhaul, 1)
	runsOf(t, r, report.Baseline, 1)
	if r.PackReads != 0 {
		t.Errorf("%d reads of packs were counted in a store of the user", r.PackReads)
	}
	for o := range server.Client.ListObjects(t.Context(), bucket, minio.ListObjectsOptions{Recursive: true, WithVersions: true}) {
		t.Errorf("%s is left, %v", o.Key, o.Err)
	}
}

// TestRepoLocked measures with a bucket whose objects cannot be deleted: the error lists them.
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
	r, err := lab.Measure(t.Context(), opts, lab.Scenario{Name: "given", Store: lab.StoreS3, Items: 5, Repetitions: 1})
	if err == nil || !strings.Contains(err.Error(), "stay below doctor/bench-") {
		t.Errorf("error is %v", err)
	}
	if r == nil || len(r.Scenarios) != 1 || len(r.Failed) != 0 {
		t.Errorf("the report is %+v", r)
	}
}
