package render

import (
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// browserWidths are the widths of texts in a browser, at 12 pixels in DejaVu Sans, the widest font
// that a page may get.
var browserWidths = map[string]float64{
	"mailhaul, GOMAXPROCS=1":     163,
	"mailhaul, nothing changed":  161,
	"what the limits allow":      124,
	"ABCDEFGHIJKLMNOPQRSTUVWXYZ": 210,
	"abcdefghijklmnopqrstuvwxyz": 176,
	"MWmw@%":                     67,
	"WWWW":                       47,
	"0123456789":                 76,
	"=+<>~":                      50,
}

// TestTextWidth checks that estimates are not too small, and not much too large.
func TestTextWidth(t *testing.T) {
	for words, width := range browserWidths {
		if estimate := textWidth(words); estimate < width || estimate > width*1.3 {
			t.Errorf("%q is %g wide; the estimate is %g", words, width, estimate)
		}
	}
}

func TestFit(t *testing.T) {
	for _, c := range []struct {
		words string
		width float64
		want  string
	}{
		{"upload", 100, "upload"},
		{"GOMAXPROCS", 60, "GOMA…"},
		{"GOMAXPROCS", 0, "G…"},
		{"i", 0, "i"},
		{"", 0, ""},
		{"日本語日本語", 40, "日本…"},
		{"a\nb", 100, "a b"},
	} {
		got := fit(c.words, c.width)
		if got != c.want {
			t.Errorf("%q in %g is %q; want %q", c.words, c.width, got, c.want)
		}
	}
}

var labels = regexp.MustCompile(`<text class="label" text-anchor="end" x="([0-9.]+)" y="[0-9.]+">([^<]*)</text>`)

// TestLabelsOfBars checks that names fit, and that the names of mailhaul's contenders are not
// shortened.
func TestLabelsOfBars(t *testing.T) {
	names := []string{"mailhaul, GOMAXPROCS=1", "mailhaul, nothing changed", strings.Repeat("CAPITAL ", 5), strings.Repeat("W", 40)}
	p := bars{}
	for _, name := range names {
		p.add(bar{name: name, parts: []part{{"c1", name, 1}}})
	}
	found := labels.FindAllStringSubmatch(string(p.draw("").Image), -1)
	if len(found) != len(names) {
		t.Fatalf("%d labels", len(found))
	}
	for i, label := range found {
		room, err := strconv.ParseFloat(label[1], 64)
		if err != nil {
			t.Fatal(err)
		}
		width, known := browserWidths[label[2]]
		if !known {
			width = textWidth(label[2])
		}
		if width > room {
			t.Errorf("%q is %g wide, in a space of %g", label[2], width, room)
		}
		if i < 2 && label[2] != names[i] {
			t.Errorf("%q is shortened to %q", names[i], label[2])
		}
	}
}
