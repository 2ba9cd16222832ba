package dirblob

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"syscall"

	"gocloud.dev/gcerrors"

	"github.com/mailhaul/mailhaul/repository/store"
)

// kinds are those of the file system's errors. Others are permanent.
var kinds = []struct {
	err  error
	kind store.Kind
}{
	{fs.ErrNotExist, store.NotFound},
	{fs.ErrExist, store.Exists},
	{fs.ErrPermission, store.Denied},
	{syscall.EROFS, store.Denied},
	{syscall.ENOSPC, store.Busy},
}

// classify makes the error of a driver's method a *store.Error.
func classify(err *error) {
	if *err == nil || *err == io.EOF {
		return
	}
	e := store.Describe(*err)
	for _, k := range kinds {
		if e.Kind != store.Irregular && errors.Is(e.Err, k.err) {
			e.Kind = k.kind
			break
		}
	}
	*err = e
}

func (b *bucket) ErrorCode(err error) gcerrors.ErrorCode { return store.Describe(err).Code() }

func (b *bucket) ErrorAs(err error, to any) bool {
	p, ok := to.(**fs.PathError)
	return ok && errors.As(err, p)
}

var errUnsupported = &store.Error{Kind: store.Unsupported, Reason: "a directory does not have this"}

// irregular returns the error of what is neither a file nor a directory, such as a symbolic link
// or a named pipe. The driver does not follow or open it; a list contains an entry for it.
func irregular(key string, mode fs.FileMode) *store.Error {
	return &store.Error{
		Kind: store.Irregular, Key: key,
		Reason: fmt.Sprintf("it is %s, and not a file or a directory", typeOf(mode)),
		Remedy: "a repository has only files and directories: remove it, or put what a link leads to in its place",
	}
}

func typeOf(mode fs.FileMode) string {
	switch {
	case mode&fs.ModeSymlink != 0:
		return "a symbolic link"
	case mode&fs.ModeNamedPipe != 0:
		return "a named pipe"
	case mode&fs.ModeSocket != 0:
		return "a socket"
	case mode&fs.ModeDevice != 0:
		return "a device"
	}
	return "a special file"
}
