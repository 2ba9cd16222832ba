package fasttransfer_test

import (
	"encoding/hex"
	"strings"
	"testing"
	"time"

	"github.com/mailhaul/mailhaul/fasttransfer"
)

// fragment decodes hex digits and ignores spaces.
func fragment(t *testing.T, s string) string {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestPublishedImportSample compares with the sample of Microsoft's documentation, "Import an
// Exchange mailbox item", which has the three header records of Exchange Online 15.20, a full
// record's header, and the first properties.
func TestPublishedImportSample(t *testing.T) {
	want := fragment(t, "01000000 08000000 00000000 01000000"+
		"03000000 18000000 01000000 0703020000000000C000000000000046 00240080"+
		"04000000 06000000 140F D691 8617"+
		"02000000 C07B0000"+
		"0300 1700 01000000"+
		"B084 1A00 12000000 490050004D002E")
	got := string(write(t, func(w *fasttransfer.Writer) {
		w.Int32(fasttransfer.ID(0x0017), 1)
		w.String(fasttransfer.ID(0x001A), "IPM.Note")
		w.Binary(fasttransfer.ID(0x1013), make([]byte, 40_000))
	}))
	if !strings.HasPrefix(got, want) {
		t.Errorf("stream begins\n%x, want\n%x", got[:len(want)], want)
	}
}

// TestPublishedExportProperties compares with the second sample of Microsoft's page "mailbox:
// exportItems".
func TestPublishedExportProperties(t *testing.T) {
	want := fragment(t, "0300 1700 01000000"+
		"B084 1A00 12000000 490050004D002E004E006F00740065000000"+
		"0300 2600 00000000"+
		"0B00 2900 0000"+
		"0300 3600 00000000"+
		"B084 3700 5C000000 4100")
	got := string(message(t, write(t, func(w *fasttransfer.Writer) {
		w.Int32(fasttransfer.ID(0x0017), 1)
		w.String(fasttransfer.ID(0x001A), "IPM.Note")
		w.Int32(fasttransfer.ID(0x0026), 0)
		w.Bool(fasttransfer.ID(0x0029), false)
		w.Int32(fasttransfer.ID(0x0036), 0)
		w.String(fasttransfer.ID(0x0037), strings.Repeat("A", 45))
	})))
	if !strings.HasPrefix(got, want[:len(want)-1]) {
		t.Errorf("message begins\n%x, want\n%x", got[:len(want)], want)
	}
}

// TestPublishedEWSSample compares with the response of Microsoft's page "ExportItems operation"
// (EWS): times, an empty string and a binary value in item 3, the end of a stream in item 1.
func TestPublishedEWSSample(t *testing.T) {
	begin := fragment(t, "4000 3900 00765E1717D1CA01"+
		"0201 3B00 04000000 45583A2F"+
		"B084 3D00 02000000 0000")
	got := string(message(t, write(t, func(w *fasttransfer.Writer) {
		w.Time(fasttransfer.ID(0x0039), time.Date(2010, time.March, 31, 21, 14, 4, 0, time.UTC))
		w.Binary(fasttransfer.ID(0x003B), []byte("EX:/"))
		w.String(fasttransfer.ID(0x003D), "")
	})))
	if got != begin {
		t.Errorf("properties\n%x, want\n%x", got, begin)
	}

	end := fragment(t, "0300 0039 00000000"+
		"0300 FE0F 06000000"+
		"03000440 03000240 03000E40")
	got = string(message(t, write(t, func(w *fasttransfer.Writer) {
		w.StartAttachment(0)
		w.StartEmbedded()
		w.StartRecipient()
		w.Int32(fasttransfer.ID(0x3900), 0)
		w.Int32(fasttransfer.ID(0x0FFE), 6)
		w.EndRecipient()
		w.EndEmbedded()
		w.EndAttachment()
	})))
	if !strings.HasSuffix(got, end) {
		t.Errorf("stream ends\n%x, want\n%x", got[len(got)-len(end):], end)
	}
}
