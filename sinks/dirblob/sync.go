//go:build !windows

package dirblob

import (
	"errors"
	"os"
	"syscall"
)

// doNotWait opens a named pipe at once, and changes nothing for files and directories.
const doNotWait = syscall.O_NONBLOCK

// syncDir makes the names in a directory durable.
func syncDir(open func() (*os.File, error)) error {
	f, err := open()
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
