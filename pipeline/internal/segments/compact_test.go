package segments

import (
	"slices"
	"testing"

	"github.com/mailhaul/mailhaul/manifest"
)

// TestJoinFrom: the list stays short, however many runs add a segment, and no row is
// rewritten often.
func TestJoinFrom(t *testing.T) {
	for name, size := range map[string]func(i int) int64{
		"equal":   func(int) int64 { return 4000 },
		"growing": func(i int) int64 { return int64(100 * (i + 1)) },
		"uneven":  func(i int) int64 { return int64(1 + i*7919%5000) },
		"one big": func(i int) int64 { return map[bool]int64{true: 6 << 20, false: 2000}[i == 40] },
	} {
		list := []manifest.Segment{{Size: targetSize}, {Size: targetSize}, {Size: 3 << 20}}
		var added, rewritten int64
		longest := 0
		for i := range 365 {
			list = append(list, manifest.Segment{Size: size(i)})
			added += size(i)
			if first := joinFrom(list); first < len(list) {
				var sum int64
				for _, g := range list[first:] {
					sum += g.Size
				}
				if sum > targetSize {
					t.Errorf("%s: joined to %d bytes", name, sum)
				}
				rewritten += sum
				list = append(slices.Clone(list[:first]), manifest.Segment{Size: sum})
			}
			longest = max(longest, len(list))
		}
		if longest > 16 {
			t.Errorf("%s: %d segments", name, longest)
		}
		if rewritten > 12*added {
			t.Errorf("%s: %d bytes were added and %d rewritten", name, added, rewritten)
		}
	}
	for _, n := range []int{0, 1} {
		if got := joinFrom(make([]manifest.Segment, n)); got != n {
			t.Errorf("of %d segments, the first to join is %d", n, got)
		}
	}
}

func TestIsWasteful(t *testing.T) {
	for _, c := range []struct {
		rows, items int64
		want        bool
	}{
		{100_000, 100_000, false}, {124_000, 100_000, false}, {126_000, 100_000, true}, {1500, 1000, false}, {2000, 1000, true}, {999, 0, false}, {1000, 0, true},
	} {
		s := &manifest.Snapshot{Segments: []manifest.Segment{{Rows: c.rows}}, Totals: manifest.Totals{Items: c.items}}
		if got := isWasteful(s); got != c.want {
			t.Errorf("%d rows of %d items are wasteful: %t", c.rows, c.items, got)
		}
	}
}
