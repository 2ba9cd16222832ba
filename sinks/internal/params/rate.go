package params

import (
	"fmt"
	"strconv"
	"strings"
)

// units are those of a rate. A longer one precedes a shorter one that it ends in.
var units = []struct {
	name  string
	bytes float64
}{
	{"kib", 1 << 10}, {"mib", 1 << 20}, {"gib", 1 << 30},
	{"kb", 1e3}, {"mb", 1e6}, {"gb", 1e9},
	{"k", 1 << 10}, {"m", 1 << 20}, {"g", 1 << 30}, {"b", 1},
}

// The bounds of a rate in bytes a second. At a lower rate, a pack takes more than nine hours.
const (
	minRate = 1 << 10
	maxRate = 1 << 50
)

// ParseRate reads a number of bytes a second: digits, an optional unit (KiB, MiB, GiB, kB, MB, GB),
// and an optional "/s".
func ParseRate(text string) (int64, error) {
	s := strings.TrimSuffix(strings.ToLower(strings.TrimSpace(text)), "/s")
	factor := 1.0
	for _, u := range units {
		if number, ok := strings.CutSuffix(s, u.name); ok {
			s, factor = strings.TrimSpace(number), u.bytes
			break
		}
	}
	n, err := strconv.ParseFloat(s, 64)
	if err != nil || !(n*factor >= minRate && n*factor <= maxRate) {
		return 0, fmt.Errorf("%.40q is no number of bytes a second, at least 1KiB/s, such as 20MiB/s", text)
	}
	return int64(n * factor), nil
}
