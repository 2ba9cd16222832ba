package yardstick

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailhaul/mailhaul/compress"
)

// TestLevelLimit compresses three frames twice. The limit holds over both calls, and ends with the
// frame that reaches it.
func TestLevelLimit(t *testing.T) {
	raw := make([]byte, 30)
	frames := []compress.Frame{{Raw: raw[:10]}, {Raw: raw[:30]}, {Raw: raw[:5]}}
	for limit, want := range map[int64][]int64{0: {45, 90}, 10: {10, 10}, 11: {40, 40}, 50: {45, 55}, 1000: {45, 90}} {
		l := &level{watch: &stopwatch{}, limit: limit, encode: func(dst, raw []byte) []byte { return append(dst, raw[0]) }}
		var got []int64
		for range 2 {
			l.compress(frames)
			got = append(got, l.watch.run.Bytes)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("input bytes with a limit of %d (-want +got):\n%s", limit, diff)
		}
	}
}
