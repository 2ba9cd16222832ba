package manifest_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mailhaul/mailhaul/manifest"
)

func testAck() *manifest.Ack {
	return &manifest.Ack{
		Format: 1, Mailbox: "MBX:e0643f21@a7809c93", Kind: manifest.AckShort, Folder: "AQ", Path: []string{"Top", "In/box"}, Missing: 3,
		By: "ops@backup1", Reason: "counted since the move, never listed",
		Created: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC), Until: time.Date(2027, 11, 23, 0, 0, 0, 0, time.UTC),
	}
}

func testRefusedAck() *manifest.Ack {
	a := testAck()
	a.Kind, a.Missing, a.Code = manifest.AckRefused, 0, "403 ErrorAccessDenied"
	return a
}

func testFailedAck() *manifest.Ack {
	a := testAck()
	a.Kind, a.Missing, a.Item, a.Code, a.Subject = manifest.AckFailed, 0, "AQ1", "ErrorCorruptData", "Offer <1>"
	return a
}

func testRevocation() *manifest.Ack {
	return &manifest.Ack{
		Format: 1, Mailbox: "MBX:e0643f21@a7809c93", By: "ops@backup1", Reason: "mended",
		Created: time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC), Revokes: manifest.SumOf([]byte("ack")),
	}
}

// TestAckGolden: stored bytes of earlier versions stay readable, and encoding stays stable.
func TestAckGolden(t *testing.T) {
	for name, ack := range map[string]*manifest.Ack{
		"ack-short.json": testAck(), "ack-refused.json": testRefusedAck(), "ack-failed.json": testFailedAck(), "ack-revokes.json": testRevocation(),
	} {
		t.Run(name, func(t *testing.T) {
			data, err := ack.Encode()
			if err != nil {
				t.Fatal(err)
			}
			file := filepath.Join("testdata", name)
			if *update {
				if err := os.WriteFile(file, data, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), string(data)); diff != "" {
				t.Errorf("%s differs:\n%s", name, diff)
			}
			again, err := manifest.ParseAck(data)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(ack, again); diff != "" {
				t.Errorf("acknowledgement differs:\n%s", diff)
			}
		})
	}
}

func TestAckRefused(t *testing.T) {
	for name, change := range map[string]func(*manifest.Ack){
		"format":            func(a *manifest.Ack) { a.Format = 0 },
		"no mailbox":        func(a *manifest.Ack) { a.Mailbox = "" },
		"kind":              func(a *manifest.Ack) { a.Kind = "late" },
		"nothing":           func(a *manifest.Ack) { a.Kind = "" },
		"no folder":         func(a *manifest.Ack) { a.Folder = "" },
		"no reason":         func(a *manifest.Ack) { a.Reason = "" },
		"long reason":       func(a *manifest.Ack) { a.Reason = strings.Repeat("x", manifest.MaxAckReason+1) },
		"nobody":            func(a *manifest.Ack) { a.By = "" },
		"long name":         func(a *manifest.Ack) { a.By = strings.Repeat("x", manifest.MaxAckBy+1) },
		"not created":       func(a *manifest.Ack) { a.Created = time.Time{} },
		"no end":            func(a *manifest.Ack) { a.Until = time.Time{} },
		"ends at its start": func(a *manifest.Ack) { a.Until = a.Created },
		"no limit":          func(a *manifest.Ack) { a.Missing = 0 },
		"negative limit":    func(a *manifest.Ack) { a.Missing = -1 },
		"short with item":   func(a *manifest.Ack) { a.Item = "AQ1" },
		"short with code":   func(a *manifest.Ack) { a.Code = "403" },
		"refused and short": func(a *manifest.Ack) { a.Kind = manifest.AckRefused },
		"failed, no item":   func(a *manifest.Ack) { a.Kind, a.Missing = manifest.AckFailed, 0 },
		"subject, no item":  func(a *manifest.Ack) { a.Subject = "Offer" },
		"revokes too":       func(a *manifest.Ack) { a.Revokes = manifest.SumOf([]byte("ack")) },
		"long path":         func(a *manifest.Ack) { a.Path = make([]string, 1001) },
		"too large":         func(a *manifest.Ack) { a.Path = []string{strings.Repeat("x", manifest.MaxAckSize)} },
	} {
		t.Run(name, func(t *testing.T) {
			a := testAck()
			change(a)
			if _, err := a.Encode(); err == nil {
				t.Error("acknowledgement was written")
			}
		})
	}
}

func TestAckTooLarge(t *testing.T) {
	data, err := testAck().Encode()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := manifest.ParseAck([]byte(strings.Repeat(" ", manifest.MaxAckSize) + string(data))); err == nil {
		t.Error("an acknowledgement of more than MaxAckSize was read")
	}
	if _, err := manifest.ParseAck([]byte(`{"format":2,"kind":["another","shape"]}`)); !errors.Is(err, manifest.ErrNewerFormat) {
		t.Errorf("error is %v", err)
	}
}

// FuzzAck feeds bytes to the reader: what it takes must be written back and read again as it was.
func FuzzAck(f *testing.F) {
	for _, ack := range []*manifest.Ack{testAck(), testRefusedAck(), testFailedAck(), testRevocation()} {
		data, err := ack.Encode()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		ack, err := manifest.ParseAck(data)
		if err != nil {
			return
		}
		written, err := ack.Encode()
		if err != nil {
			if len(data) > manifest.MaxAckSize/6 { // a byte that is escaped takes six
				return
			}
			t.Fatal(err)
		}
		again, err := manifest.ParseAck(written)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(ack, again); diff != "" {
			t.Errorf("acknowledgement differs:\n%s", diff)
		}
	})
}
