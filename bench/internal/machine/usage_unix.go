//go:build unix

package machine

import (
	"os"
	"runtime"
	"syscall"
	"time"
)

// Peak returns the most bytes of memory that a process had that has ended. On Linux, the kernel
// includes the memory of the parent at the time of the fork.
func Peak(s *os.ProcessState) int64 {
	r, ok := s.SysUsage().(*syscall.Rusage)
	if !ok {
		return 0
	}
	unit := int64(1 << 10)
	if runtime.GOOS == "darwin" {
		unit = 1
	}
	return int64(r.Maxrss) * unit
}

// CPUTime returns the CPU time that this process has used.
func CPUTime() time.Duration {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		return 0
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}
