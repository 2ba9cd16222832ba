package render

import (
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// measured are texts and how wide browsers show them at 12 pixels in DejaVu Sans, the widest of the fonts that a page may get.
var measured = map[string]float64{
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

// TestTextWidth: nothing is wider than it is taken for, nor much narrower.
func TestTextWidth(t *testing.T) {
	for words, width := range measured {
		if guess := textWidth(words); guess < width || guess > width*1.3 {
			t.Errorf("%q is %g wide; the guess is %g", words, width, guess)
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

// TestLabelsOfBars: no name begins left of the image, and those that mailhaul's contenders have are whole.
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
		width, known := measured[label[2]]
		if !known {
			width = textWidth(label[2])
		}
		if width > room {
			t.Errorf("%q is %g wide, and has %g", label[2], width, room)
		}
		if i < 2 && label[2] != names[i] {
			t.Errorf("%q is shortened to %q", names[i], label[2])
		}
	}
}
