package bench

import (
	"errors"
	"fmt"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// canHold is whether hold does anything on this system.
const canHold = true

// hold keeps processes, and those that they start, to one of the processors that this one may use, until release lets them
// run on all of these again.
func hold(pids ...int) (release func() error, err error) {
	var all, one unix.CPUSet
	if err := unix.SchedGetaffinity(0, &all); err != nil {
		return nil, fmt.Errorf("hold to one processor: %w", err)
	}
	for i := 0; one.Count() == 0; i++ {
		if all.IsSet(i) {
			one.Set(i)
		}
	}
	set := func(to *unix.CPUSet) error {
		var errs []error
		for _, pid := range pids {
			errs = append(errs, setAffinity(pid, to))
		}
		return errors.Join(errs...)
	}
	return func() error { return set(&all) }, set(&one)
}

// setAffinity sets that of all threads of a process. A thread passes it on to those that it starts, so none is left
// when all that are there have it.
func setAffinity(pid int, to *unix.CPUSet) error {
	done := map[string]bool{}
	for found := true; found; {
		found = false
		tasks, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
		if err != nil {
			return fmt.Errorf("hold to one processor: %w", err)
		}
		for _, task := range tasks {
			if done[task.Name()] {
				continue
			}
			done[task.Name()], found = true, true
			tid, err := strconv.Atoi(task.Name())
			if err == nil {
				err = unix.SchedSetaffinity(tid, to)
			}
			if err != nil && !errors.Is(err, unix.ESRCH) { // a thread may have ended
				return fmt.Errorf("hold to one processor: %w", err)
			}
		}
	}
	return nil
}
