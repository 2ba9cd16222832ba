package bench

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailhaul/mailhaul/compress"
)

// TestLevelOfPrefix: a level that is bounded is given the first frames only, over all groups, and one that is not all of them.
func TestLevelOfPrefix(t *testing.T) {
	raw := make([]byte, 30)
	frames := []compress.Frame{{Raw: raw[:10]}, {Raw: raw[:30]}, {Raw: raw[:5]}}
	for most, want := range map[int64][]int64{0: {45, 90}, 10: {10, 10}, 11: {40, 40}, 50: {45, 55}, 1000: {45, 90}} {
		l := &level{watch: &stopwatch{}, most: most, encode: func(dst, raw []byte) []byte { return append(dst, raw[0]) }}
		var given []int64
		for range 2 {
			l.compress(frames)
			given = append(given, l.watch.run.Bytes)
		}
		if diff := cmp.Diff(want, given); diff != "" {
			t.Errorf("at most %d bytes (-want +got):\n%s", most, diff)
		}
	}
}
