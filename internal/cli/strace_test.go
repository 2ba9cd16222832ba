package cli_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// traced are the system calls that create, write, rename, remove and sync files.
const traced = "trace=open,openat,creat,mkdir,mkdirat,write,pwrite64,writev,pwritev,pwritev2,ftruncate,fallocate,copy_file_range,sendfile,splice," +
	"fsync,fdatasync,syncfs,sync,link,linkat,symlink,symlinkat,rename,renameat,renameat2,unlink,unlinkat,rmdir"

// A sysCall is a system call in strace's log. It makes two events, in the order that the process saw:
// one when it starts, and one when it has returned without error.
type sysCall struct {
	name  string
	args  string
	fd    string   // first argument, if it is a file descriptor
	file  string   // path of that descriptor
	paths []string // paths among the arguments

	covers []*entry // for the disk: the entries that a sync covers
	bytes  int      // for the disk: the version of the content that a sync covers
}

type sysEvent struct {
	call *sysCall
	done bool
}

// straced runs a command under strace, and returns its events and its exit error. The flags are
// strace's.
func straced(t *testing.T, cmd *exec.Cmd, flags ...string) ([]sysEvent, error) {
	t.Helper()
	log := filepath.Join(t.TempDir(), "strace.log")
	args := append([]string{"strace", "-f", "-y", "-s", "0", "-qq", "-o", log, "-e", traced}, flags...)
	cmd.Args = append(append(args, "--"), cmd.Args...)
	cmd.Path, cmd.Err = exec.LookPath("strace")
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	data, readErr := os.ReadFile(log)
	if readErr != nil {
		t.Fatal(readErr)
	}
	return parseStrace(data), err
}

// needStrace skips a test if strace is not installed, or may not trace.
func needStrace(t *testing.T) {
	t.Helper()
	if out, err := exec.Command("strace", "-f", "-y", "-o", os.DevNull, "true").CombinedOutput(); err != nil {
		t.Skipf("strace, which this test needs, does not work: %v %s", err, out)
	}
}

var (
	linePattern   = regexp.MustCompile(`^(\d+) +(?:(\w+)\(|<\.\.\. (\w+) resumed>)(.*)$`)
	resultPattern = regexp.MustCompile(`\) += (-?\d+)[^"]*$`)
	filePattern   = regexp.MustCompile(`^(\d+)<([^>]*)>`)
	pathPattern   = regexp.MustCompile(`(?:(?:\d+|AT_FDCWD)<([^>]*)>, )?"([^"]*)"`) // with its directory
)

const unfinished = " <unfinished ...>"

// parseStrace parses a log of strace -f -y. A call that others interrupt is on two lines.
func parseStrace(log []byte) (events []sysEvent) {
	open := map[string]*sysCall{} // by thread
	for line := range bytes.Lines(log) {
		m := linePattern.FindStringSubmatch(strings.TrimRight(string(line), "\n"))
		if m == nil {
			continue // a signal, or an exit
		}
		thread, name, rest := m[1], m[2], m[4]
		call := open[thread]
		if name != "" {
			call = newSysCall(name, strings.TrimSuffix(rest, unfinished))
			events = append(events, sysEvent{call: call})
		}
		if strings.HasSuffix(rest, unfinished) {
			open[thread] = call
			continue
		}
		delete(open, thread)
		if r := resultPattern.FindStringSubmatch(rest); call != nil && r != nil && !strings.HasPrefix(r[1], "-") {
			events = append(events, sysEvent{call, true})
		}
	}
	return events
}

func newSysCall(name, args string) *sysCall {
	c := &sysCall{name: strings.TrimSuffix(name, "at"), args: args}
	for _, p := range pathPattern.FindAllStringSubmatch(args, -1) {
		path := p[2]
		if !filepath.IsAbs(path) {
			path = filepath.Join(p[1], path)
		}
		c.paths = append(c.paths, path)
	}
	inDir := strings.HasSuffix(strings.TrimSuffix(name, "2"), "at") // then the first argument is a directory
	if f := filePattern.FindStringSubmatch(args); f != nil && !inDir {
		c.fd, c.file = f[1], f[2]
	}
	return c
}
