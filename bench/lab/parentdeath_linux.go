package lab

import (
	"os/exec"
	"syscall"
)

// killWithParent makes the kernel kill a process when this process ends.
func killWithParent(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
