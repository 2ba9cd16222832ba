package servers

import (
	"os/exec"
	"syscall"
)

// endWithParent has the kernel kill the process if the test process dies.
func endWithParent(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
