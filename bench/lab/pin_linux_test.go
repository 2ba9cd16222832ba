package lab

import (
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// allowed returns how many processors a new process may use.
func allowed(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("nproc").Output()
	if err != nil {
		t.Skip("nproc is not installed")
	}
	return strings.TrimSpace(string(out))
}

// TestPin checks that threads of this process and new processes have one processor until unpin.
func TestPin(t *testing.T) {
	if runtime.NumCPU() < 2 {
		t.Skip("the machine has one processor")
	}
	before := allowed(t)
	unpin, err := pin(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	var cpus unix.CPUSet
	if err := unix.SchedGetaffinity(0, &cpus); err != nil || cpus.Count() != 1 {
		t.Errorf("this thread has %d processors, %v", cpus.Count(), err)
	}
	if got := allowed(t); got != "1" {
		t.Errorf("a process has %s processors", got)
	}
	if err := unpin(); err != nil {
		t.Fatal(err)
	}
	if got := allowed(t); got != before {
		t.Errorf("a process has %s processors; before, it had %s", got, before)
	}
}
