// Package dirblob is a Go CDK driver for a directory whose objects must not be lost. A write that
// has returned survives a power cut. If several writers, in any number of processes, create an
// object on condition that it does not exist, exactly one succeeds. Go CDK's own fileblob promises
// neither, and leaves a truncated object when the disk is full.
//
// An object is a file at the path of its key. It is written to .tmp in the directory, synced, and
// linked to its name; then the directories above it are synced. Keys are paths as fs.ValidPath
// accepts them, of characters that every file system accepts. Attributes other than size and time
// are not kept.
//
// The directory itself may be a symbolic link. Below it, only files and directories count: the
// driver neither follows nor opens anything else, and its error is store.Irregular. At the top of
// the directory, names that begin with a dot and those that systems create, such as lost+found,
// are not objects. Errors are those of package store.
package dirblob
