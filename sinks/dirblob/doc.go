// Package dirblob is a Go CDK driver for a directory, for objects that must not be
// lost: what a write has returned from survives a power cut, and of several writers
// that create an object if it is absent, be they of other processes, exactly one does.
// Go CDK's own fileblob promises neither, and leaves what it could write of an object
// under the object's name when the disk is full.
//
// An object is a file of its key's path. It is written under the directory's .tmp,
// synced, and linked to its name; then the directories on the way are synced. Keys are
// paths as fs.ValidPath takes them, of characters that every file system takes.
// Attributes other than size and time are not kept.
//
// The directory itself may be a symbolic link. Below it, only files and directories count: what
// else is there is not followed and not opened, and is an IrregularError. At its top, names that
// begin with a dot and those that systems make, such as lost+found, are no objects.
package dirblob
