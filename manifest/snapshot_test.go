package manifest_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mailhaul/mailhaul/manifest"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func testSnapshot() *manifest.Snapshot {
	return &manifest.Snapshot{
		Format:   1,
		Mailbox:  manifest.Mailbox{ID: "MBX:e0643f21@a7809c93", User: "megan@contoso.com", Kind: "primary"},
		Sequence: 7, Parent: manifest.SumOf([]byte("parent")), State: manifest.StateComplete,
		Started:  time.Date(2026, 11, 23, 2, 0, 0, 0, time.UTC),
		Finished: time.Date(2026, 11, 23, 2, 0, 11, 250e6, time.UTC),
		Graph:    manifest.Graph{Version: "v1.0"},
		Folders: []manifest.Folder{{ID: "AQ", ParentFolderID: "AP", DisplayName: "In/box", Path: []string{"In/box"},
			Type: "IPF.Note", WellKnownName: "inbox", TotalItemCount: 813, Items: 812}},
		Segments: []manifest.Segment{{SHA256: manifest.SumOf([]byte("segment")), Size: 91822, Rows: 812, Bytes: 70223411}},
		Failures: []manifest.Failure{{ID: "AQ1", Folder: "AQ", Code: "ErrorCorruptData", Message: "cannot", Attempts: 3, Runs: 1,
			Item: manifest.Row{ID: "AQ1", Folder: "AQ", ChangeKey: "CQ", Type: "IPM.Note"}}},
		Totals: manifest.Totals{Items: 812, Bytes: 70223411, Stored: 30118227, Packs: 1},
		Run:    manifest.Run{Listed: 813, Exported: 12, Skipped: 800, Failed: 1},
	}
}

// TestGolden: stored bytes of earlier versions stay readable, and encoding stays stable.
func TestGolden(t *testing.T) {
	s := testSnapshot()
	data, err := s.Encode()
	if err != nil {
		t.Fatal(err)
	}
	ref, err := s.Ref(manifest.SumOf(data)).Encode()
	if err != nil {
		t.Fatal(err)
	}
	for name, got := range map[string][]byte{"snapshot.json": data, "ref.json": ref} {
		file := filepath.Join("testdata", name)
		if *update {
			if err := os.WriteFile(file, got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), string(got)); diff != "" {
			t.Errorf("%s differs:\n%s", name, diff)
		}
	}
	again, err := manifest.ParseSnapshot(data)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(s, again); diff != "" {
		t.Errorf("snapshot differs:\n%s", diff)
	}
	r, err := manifest.ParseRef(ref)
	if err != nil || r != s.Ref(manifest.SumOf(data)) {
		t.Errorf("ref is %+v, %v", r, err)
	}
}

func TestSnapshotRefused(t *testing.T) {
	for name, change := range map[string]func(*manifest.Snapshot){
		"no mailbox":        func(s *manifest.Snapshot) { s.Mailbox.ID = "" },
		"no sequence":       func(s *manifest.Snapshot) { s.Sequence = 0 },
		"first with parent": func(s *manifest.Snapshot) { s.Sequence = 1 },
		"no parent":         func(s *manifest.Snapshot) { s.Parent = manifest.Digest{} },
		"state":             func(s *manifest.Snapshot) { s.State = "done" },
		"format":            func(s *manifest.Snapshot) { s.Format = 0 },
		"not started":       func(s *manifest.Snapshot) { s.Started = time.Time{} },
		"not finished":      func(s *manifest.Snapshot) { s.Finished = time.Time{} },
		"counts":            func(s *manifest.Snapshot) { s.Run.Gone++ },
		"fewer counts":      func(s *manifest.Snapshot) { s.Run.Listed++ },
		"complete, pending": func(s *manifest.Snapshot) { s.Run.Pending++; s.Run.Skipped-- },
		"through, pending": func(s *manifest.Snapshot) {
			s.State, s.Through = manifest.StatePartial, true
			s.Run.Pending++
			s.Run.Skipped--
		},
		"totals":             func(s *manifest.Snapshot) { s.Totals.Items-- },
		"folder twice":       func(s *manifest.Snapshot) { s.Folders, s.Totals.Items = slices.Repeat(s.Folders, 2), 2*s.Totals.Items },
		"folder refused":     func(s *manifest.Snapshot) { s.Folders[0].Error = "403" },
		"folder without id":  func(s *manifest.Snapshot) { s.Folders[0].ID = "" },
		"segment without id": func(s *manifest.Snapshot) { s.Segments[0].SHA256 = manifest.Digest{} },
		"segment too large":  func(s *manifest.Snapshot) { s.Segments[0].Size = manifest.MaxSegmentSize + 1 },
		"segment of nothing": func(s *manifest.Snapshot) { s.Segments[0].Size = 0 },
		"segment, no rows":   func(s *manifest.Snapshot) { s.Segments[0].Rows = 0 },
		"segment, many rows": func(s *manifest.Snapshot) { s.Segments[0].Rows = manifest.MaxSegmentRows + 1 },
		"segment, bytes":     func(s *manifest.Snapshot) { s.Segments[0].Bytes = -1 },
		"segments, rows": func(s *manifest.Snapshot) {
			s.Segments[0].Rows = manifest.MaxSegmentRows
			s.Segments = slices.Repeat(s.Segments, 1<<12)
		},
		"segments, bytes": func(s *manifest.Snapshot) {
			s.Segments[0].Bytes = manifest.MaxBytes/2 + 1
			s.Segments = slices.Repeat(s.Segments, 2)
		},
		"segments, sum overflows": func(s *manifest.Snapshot) {
			s.Segments[0].Bytes = manifest.MaxBytes
			s.Segments = slices.Repeat(s.Segments, 17)
		},
		"run, negative": func(s *manifest.Snapshot) { s.Run.Skipped, s.Run.Gone = s.Run.Skipped+2, -2 },
		"run, removed":  func(s *manifest.Snapshot) { s.Run.Removed = -1 },
		"run, overflow": func(s *manifest.Snapshot) {
			s.Run.Exported, s.Run.Skipped, s.Run.Listed = math.MaxInt64, math.MaxInt64, -1
		},
		"bytes, negative": func(s *manifest.Snapshot) { s.Totals.Bytes = -1 },
		"bytes, overflow": func(s *manifest.Snapshot) { s.Totals.Bytes = manifest.MaxBytes + 1 },
		"stored":          func(s *manifest.Snapshot) { s.Totals.Stored = -1 },
		"packs":           func(s *manifest.Snapshot) { s.Totals.Packs = -1 },
		"items, negative": func(s *manifest.Snapshot) { s.Folders[0].Items, s.Totals.Items = -1, -1 },
		"items, overflow": func(s *manifest.Snapshot) {
			s.Folders[0].Items = math.MaxInt64
			s.Folders = append(s.Folders, manifest.Folder{ID: "AR", Items: math.MaxInt64})
			s.Totals.Items = -2
		},
		"counted":          func(s *manifest.Snapshot) { s.Folders[0].TotalItemCount = -1 },
		"counted too many": func(s *manifest.Snapshot) { s.Folders[0].TotalItemCount = manifest.MaxCount + 1 },
		"gone":             func(s *manifest.Snapshot) { s.Folders[0].Gone = -1 },
		"listing, passes":  func(s *manifest.Snapshot) { s.Folders[0].Listing = &manifest.Listing{Passes: -1} },
		"listing, items": func(s *manifest.Snapshot) {
			s.Folders[0].Listing = &manifest.Listing{ItemsLeftOut: manifest.MaxCount + 1}
		},
		"left out":       func(s *manifest.Snapshot) { s.Folders[0].ItemsLeftOut = -1 },
		"left out, held": func(s *manifest.Snapshot) { s.Folders[0].LeftOutHeld = -1 },
		"unconfirmed":    func(s *manifest.Snapshot) { s.Folders[0].Unconfirmed = -1 },
		"unlisted":       func(s *manifest.Snapshot) { s.Folders[0].Unlisted = manifest.MaxCount + 1 },
		"listing, held": func(s *manifest.Snapshot) {
			s.Folders[0].Listing = &manifest.Listing{LeftOutHeld: -1}
		},
		"failure, id":     func(s *manifest.Snapshot) { s.Failures[0].ID = "" },
		"failure, folder": func(s *manifest.Snapshot) { s.Failures[0].Folder = "" },
		"failure, tries":  func(s *manifest.Snapshot) { s.Failures[0].Attempts = -1 },
		"failure, runs":   func(s *manifest.Snapshot) { s.Failures[0].Runs = manifest.MaxCount + 1 },
		"path":            func(s *manifest.Snapshot) { s.Folders[0].Path = make([]string, manifest.MaxTexts+1) },
		"many segments":   func(s *manifest.Snapshot) { s.Segments = slices.Repeat(s.Segments, manifest.MaxSegments+1) },
		"many failures": func(s *manifest.Snapshot) {
			s.Failures = slices.Repeat([]manifest.Failure{{ID: "1", Folder: "AQ"}}, manifest.MaxFailures+1)
		},
		"many folders": func(s *manifest.Snapshot) {
			for i := range manifest.MaxFolders {
				s.Folders = append(s.Folders, manifest.Folder{ID: fmt.Sprint(i)})
			}
		},
		"patterns": func(s *manifest.Snapshot) {
			s.Selection = &manifest.Selection{Types: make([]string, manifest.MaxTexts+1)}
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := testSnapshot()
			change(s)
			if _, err := s.Encode(); err == nil {
				t.Error("manifest was written")
			}
			if strings.HasPrefix(name, "many ") {
				return // it takes long, and is TestHostileManifests' to try
			}
			if data, err := json.Marshal(s); err != nil {
				t.Log("it has no JSON form:", err)
			} else if _, err := manifest.ParseSnapshot(data); err == nil {
				t.Error("manifest was read")
			}
		})
	}
}

// TestLongLists: a manifest with long lists of elements with next to nothing in them is read again.
func TestLongLists(t *testing.T) {
	const many = 5000
	s := testSnapshot()
	s.Segments = slices.Repeat(s.Segments, many)
	s.Failures = slices.Repeat([]manifest.Failure{{ID: "1", Folder: "AQ"}}, many)
	s.Folders[0].Path = make([]string, many)
	for i := range many {
		s.Folders = append(s.Folders, manifest.Folder{ID: fmt.Sprint(i), Path: []string{}})
	}
	s.Selection = &manifest.Selection{Exclude: make([]string, many)}
	data, err := s.Encode()
	if err != nil {
		t.Fatal(err)
	}
	got, err := manifest.ParseSnapshot(data)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(s, got) {
		t.Error("the manifest differs")
	}
}

func TestSnapshotTooLong(t *testing.T) {
	data, err := testSnapshot().Encode()
	if err != nil {
		t.Fatal(err)
	}
	data = append(data, bytes.Repeat([]byte{' '}, manifest.MaxSnapshotSize)...)
	if _, err := manifest.ParseSnapshot(data); err == nil {
		t.Error("the manifest was read")
	}
}

func TestNewerFormat(t *testing.T) {
	_, err := manifest.ParseSnapshot([]byte(`{"format":2,"mailbox":["another","shape"]}`))
	if !errors.Is(err, manifest.ErrNewerFormat) {
		t.Errorf("error is %v", err)
	}
}

// TestRefBits flips every bit of a ref: nothing else may be taken for one that
// names the same manifest, state and time.
func TestRefBits(t *testing.T) {
	want, err := testSnapshot().Ref(manifest.SumOf([]byte("m"))).Encode()
	if err != nil {
		t.Fatal(err)
	}
	first, err := manifest.ParseRef(want)
	if err != nil {
		t.Fatal(err)
	}
	for i := range want {
		for bit := range 8 {
			data := []byte(string(want))
			data[i] ^= 1 << bit
			if r, err := manifest.ParseRef(data); err == nil && r == first {
				t.Errorf("%q was read as the same ref", data)
			}
		}
	}
	if _, err := manifest.ParseRef([]byte(strings.Repeat(" ", manifest.MaxRefSize) + string(want))); err == nil {
		t.Error("a ref of more than MaxRefSize was read")
	}
}
