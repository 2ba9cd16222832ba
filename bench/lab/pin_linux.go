package lab

import (
	"errors"
	"fmt"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// canPin reports whether this system supports pin.
const canPin = true

// pin limits processes, and those that they start, to the first processor that this process may
// use. unpin gives them all processors of this process again.
func pin(pids ...int) (unpin func() error, err error) {
	var all, one unix.CPUSet
	if err := unix.SchedGetaffinity(0, &all); err != nil {
		return nil, fmt.Errorf("get the processors of this process: %w", err)
	}
	for i := 0; one.Count() == 0; i++ {
		if all.IsSet(i) {
			one.Set(i)
		}
	}
	set := func(cpus *unix.CPUSet) error {
		var errs []error
		for _, pid := range pids {
			errs = append(errs, setAffinity(pid, cpus))
		}
		return errors.Join(errs...)
	}
	return func() error { return set(&all) }, set(&one)
}

// setAffinity sets the processors of all threads of a process. New threads inherit them from the
// thread that starts them, so the process is done when no unknown thread is found.
func setAffinity(pid int, cpus *unix.CPUSet) error {
	done := map[string]bool{}
	for found := true; found; {
		found = false
		threads, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
		if err != nil {
			return fmt.Errorf("pin process %d: %w", pid, err)
		}
		for _, thread := range threads {
			if done[thread.Name()] {
				continue
			}
			done[thread.Name()], found = true, true
			tid, err := strconv.Atoi(thread.Name())
			if err == nil {
				err = unix.SchedSetaffinity(tid, cpus)
			}
			if err != nil && !errors.Is(err, unix.ESRCH) { // the thread may have ended
				return fmt.Errorf("pin process %d: %w", pid, err)
			}
		}
	}
	return nil
}
