package bench

import (
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// allowed returns how many processors a process that is started here may use, as nproc says.
func allowed(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("nproc").Output()
	if err != nil {
		t.Skip("there is no nproc")
	}
	return strings.TrimSpace(string(out))
}

// TestHold: this process's threads and those that it starts have one processor, until they are let go.
func TestHold(t *testing.T) {
	if runtime.NumCPU() < 2 {
		t.Skip("there is one processor")
	}
	before := allowed(t)
	release, err := hold(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	var held unix.CPUSet
	if err := unix.SchedGetaffinity(0, &held); err != nil || held.Count() != 1 {
		t.Errorf("this thread has %d processors, %v", held.Count(), err)
	}
	if got := allowed(t); got != "1" {
		t.Errorf("a process has %s processors", got)
	}
	if err := release(); err != nil {
		t.Fatal(err)
	}
	if got := allowed(t); got != before {
		t.Errorf("a process has %s processors, and had %s", got, before)
	}
}
