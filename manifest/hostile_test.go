package manifest_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/mailhaul/mailhaul/manifest"
)

// allocated returns how many bytes f allocates, those that are free again included.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// multiple is how many bytes a byte of JSON may take, those that are free again included.
const multiple = 48

// list returns a list of numbered elements, as 64 KiB of JSON.
func list(format string) string {
	var b strings.Builder
	for i := 0; b.Len() < 64<<10; i++ {
		if i > 0 {
			b.WriteByte(',')
		}
		if strings.Contains(format, "%d") {
			fmt.Fprintf(&b, format, i)
		} else {
			b.WriteString(format)
		}
	}
	return "[" + b.String() + "]"
}

// Lists that take far more memory than their JSON, if nobody counts.
var hostile = map[string]string{
	"empty":       list(`{}`),
	"null":        list(`null`),
	"texts":       list(`""`),
	"ids":         list(`{"id":"%d"}`),
	"items":       list(`{"id":"%d","folder":"f"}`),
	"paths":       list(`{"id":"%d","path":["","","","","","","","","","","","","","","","",""]}`),
	"long paths":  list(`{"id":"%d","path":[` + strings.Repeat(`"",`, 2000) + `""]}`),
	"path":        `[{"id":"f","path":` + list(`""`) + `}]`,
	"categories":  `[{"id":"f","folder":"f","item":{"categories":` + list(`""`) + `}}]`,
	"chunks":      `[{"id":"f","folder":"f","item":{"chunks":` + list(`{}`) + `}}]`,
	"segments":    list(`{"sha256":"sha256:` + abc + `","size":1,"rows":1}`),
	"listings":    list(`{"id":"%d","listing":{"keys":[]}}`),
	"keys":        `[{"id":"f","listing":{"keys":` + list(`{}`) + `}}]`,
	"lists":       list(`[]`),
	"nested":      "[" + strings.Repeat("[", 5000) + strings.Repeat("]", 5000) + "]",
	"unknown":     list(`{"id":"%d","unknown":[{},{},{},{},{},{},{}]}`),
	"numbers":     list(`1`),
	"not a list":  `{"a":1}`,
	"not at all":  `{`,
	"many names":  `[{` + strings.Trim(list(`"n%d":0`), "[]") + `}]`,
	"many levels": strings.Repeat(`[{"folders":`, 4000) + "0" + strings.Repeat("}]", 4000),
}

// TestHostileManifests: whatever the lists of a manifest hold, it takes a small multiple of the
// memory of its JSON.
func TestHostileManifests(t *testing.T) {
	for name, text := range hostile {
		for _, member := range []string{
			`"folders":%s`, `"segments":%s`, `"failures":%s`, `"selection":{"folders":%s}`, `"selection":{"exclude":%s}`, `"selection":{"types":%s}`,
			`"mailbox":%s`, `"unknown":%s`, `"folders":%s,"folders":[]`,
		} {
			data := []byte(`{"format":1,` + strings.Replace(member, "%s", text, 1) + `}`)
			var err error
			took := allocated(func() { _, err = manifest.ParseSnapshot(data) })
			most := uint64(multiple*len(data) + 1<<20)
			if strings.Contains(member, "unknown") {
				most = 1 << 20 // it is passed over
			}
			if took > most || err == nil {
				t.Errorf("%s, %s: %d bytes for %d of JSON, %v", name, member, took, len(data), err)
			}
		}
	}
}

// TestHostileRows is TestHostileManifests for the lines of segments.
func TestHostileRows(t *testing.T) {
	for name, text := range hostile {
		for _, member := range []string{`"chunks":%s`, `"categories":%s`, `"sender":%s`, `"unknown":%s`, `"categories":%s,"categories":[]`} {
			line := `{"id":"i","folder":"f",` + strings.Replace(member, "%s", text, 1) + "}\n"
			seg := manifest.Segment{SHA256: manifest.SumOf(nil), Size: 1, Rows: 1}
			var err error
			took := allocated(func() { _, err = seg.ReadLines(strings.NewReader(line)) })
			if most := uint64(multiple*len(line) + 1<<20); took > most || err == nil {
				t.Errorf("%s, %s: %d bytes for %d of JSON, %v", name, member, took, len(line), err)
			}
		}
	}
}
