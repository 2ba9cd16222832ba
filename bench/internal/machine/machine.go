// Package machine reads what the operating system knows of this machine and of processes: CPU time
// and memory. A figure that the system does not report is zero.
package machine

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"

	"github.com/mailhaul/mailhaul/bench/report"
)

// Describe describes this machine.
func Describe() report.Machine {
	return report.Machine{
		OS: runtime.GOOS, Arch: runtime.GOARCH, Cores: runtime.NumCPU(),
		CPU: field("/proc/cpuinfo", "model name"), Memory: kibibytes("/proc/meminfo", "MemTotal"),
	}
}

// Resident returns the bytes of memory that a process has now.
func Resident(pid int) int64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(text))
	if len(fields) < 2 {
		return 0
	}
	pages, err := strconv.ParseInt(fields[1], 10, 64)
	if err != nil {
		return 0
	}
	return pages * int64(os.Getpagesize())
}

// OwnPeak returns the most bytes of memory that this process has had.
func OwnPeak() int64 { return kibibytes("/proc/self/status", "VmHWM") }

// kibibytes returns, in bytes, the value of a line "name: 123 kB".
func kibibytes(file, name string) int64 {
	kib, _, _ := strings.Cut(field(file, name), " ")
	n, err := strconv.ParseInt(kib, 10, 64)
	if err != nil {
		return 0
	}
	return n << 10
}

// field returns the value of the first line "name: value" of a file, or nothing.
func field(file, name string) string {
	text, err := os.ReadFile(file)
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(text)) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
