package bench

import (
	"os/exec"
	"syscall"
)

// endWithParent has the system end the process should this one be killed.
func endWithParent(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
