package servers

import (
	"os/exec"
	"syscall"
)

// endWithParent has the system end the process should the test be killed.
func endWithParent(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
