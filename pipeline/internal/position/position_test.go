package position_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailhaul/mailhaul/manifest"
	"github.com/mailhaul/mailhaul/pipeline/internal/position"
)

func key(id string) manifest.RowKey { return manifest.KeyOf("folder", id) }

func end(link string) manifest.Listing {
	return manifest.Listing{Pass: manifest.PassItems, Link: link}
}

// TestCover: a page is covered when all of its items, and the pages before it, have their ends.
func TestCover(t *testing.T) {
	var p position.Position
	p.BeginPass()
	one, two := p.BeginPage(), p.BeginPage()
	one.Add(key("a"), true, false)
	p.Open(one)
	two.Add(key("b"), false, true)
	if got := p.EndPage(two, end("2")); got != 0 {
		t.Errorf("%d pages are covered before the first one ends", got)
	}
	if got := p.EndPage(one, end("1")); got != 0 {
		t.Errorf("%d pages are covered while an item is open", got)
	}
	if l, _, _ := p.Unstored(); l != nil {
		t.Errorf("the position is %+v before a page is covered", l)
	}
	if got := p.Close(one); got != 2 {
		t.Errorf("%d pages are covered, want 2", got)
	}
	l, keys, pass := p.Unstored()
	want := manifest.Listing{Pass: manifest.PassItems, Link: "2", ItemsLeftOut: 1, LeftOutHeld: 1}
	if diff := cmp.Diff(&want, l) + cmp.Diff([]manifest.RowKey{key("a"), key("b")}, keys); diff != "" {
		t.Errorf("position (-want +got):\n%s", diff)
	}
	if p.Durable() != nil {
		t.Error("the position is durable before its keys are stored")
	}
	p.SetStored(l, []manifest.Segment{{Rows: 2}}, pass)
	if got := p.Durable(); got.Link != "2" || len(got.Keys) != 1 {
		t.Errorf("the durable position is %+v", got)
	}
}

// TestNewPass: keys of a pass that was replaced do not get into the next one.
func TestNewPass(t *testing.T) {
	var p position.Position
	p.BeginPass()
	p.EndPage(p.BeginPage(), end("1"))
	l, _, pass := p.Unstored()
	p.BeginPass()
	p.EndPage(p.BeginPage(), end("2"))
	p.SetStored(l, []manifest.Segment{{Rows: 1}}, pass)
	if got := p.Durable(); got.Link != "1" {
		t.Errorf("the durable position is %+v", got)
	}
	l, keys, _ := p.Unstored()
	if l.Link != "2" || len(l.Keys) != 0 || len(keys) != 0 {
		t.Errorf("the position is %+v with keys %v", l, keys)
	}
}
