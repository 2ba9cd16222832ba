package machine

import (
	"os"
	"syscall"
	"time"
)

// Peak returns 0: Windows does not report the memory of a process that has ended.
func Peak(*os.ProcessState) int64 { return 0 }

// CPUTime returns the CPU time that this process has used.
func CPUTime() time.Duration {
	self, err := syscall.GetCurrentProcess()
	if err != nil {
		return 0
	}
	var created, exited, kernel, user syscall.Filetime
	if err := syscall.GetProcessTimes(self, &created, &exited, &kernel, &user); err != nil {
		return 0
	}
	ticks := func(f syscall.Filetime) int64 { return int64(f.HighDateTime)<<32 | int64(f.LowDateTime) }
	return time.Duration(ticks(kernel)+ticks(user)) * 100
}
