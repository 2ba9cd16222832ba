package observe

import (
	"fmt"
	"io"
	"os"
	"sync"

	"golang.org/x/term"
)

// A Console serialises the writes of several goroutines. On a terminal, it shows a line of progress
// below what they write.
type Console struct {
	mu    sync.Mutex
	tty   *os.File // nil if not a terminal
	shown bool     // a line of progress is visible
}

// NewConsole returns a console that shows progress on stderr.
func NewConsole(stderr io.Writer) *Console {
	if f, ok := stderr.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		return &Console{tty: f}
	}
	return &Console{}
}

// Writer returns a writer to w. Only one of the console's writers writes at a time.
func (c *Console) Writer(w io.Writer) io.Writer { return &consoleWriter{c, w} }

type consoleWriter struct {
	console *Console
	to      io.Writer
}

// Unwrap returns the writer that a console's writer writes to, or w if it is not such a writer.
func Unwrap(w io.Writer) io.Writer {
	if c, ok := w.(*consoleWriter); ok {
		return c.to
	}
	return w
}

// Write clears the line of progress first. It is shown again when it changes.
func (w *consoleWriter) Write(p []byte) (int, error) {
	c := w.console
	c.mu.Lock()
	defer c.mu.Unlock()
	c.redraw("")
	return w.to.Write(p)
}

// show replaces the line of progress. An empty line clears it.
func (c *Console) show(line string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.redraw(line)
}

func (c *Console) redraw(line string) {
	if c.tty == nil || line == "" && !c.shown {
		return
	}
	width := 80
	if n, _, err := term.GetSize(int(c.tty.Fd())); err == nil && n > 0 {
		width = n
	}
	if runes := []rune(line); len(runes) >= width {
		line = string(runes[:width-1])
	}
	fmt.Fprintf(c.tty, "\r%s\x1b[K", line)
	c.shown = line != ""
}
