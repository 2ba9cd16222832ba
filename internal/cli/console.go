package cli

import (
	"fmt"
	"io"
	"os"
	"sync"

	"golang.org/x/term"
)

// A console keeps what several goroutines write whole, each call of Write for itself,
// and shows a line of progress below it if it is a terminal.
type console struct {
	mu    sync.Mutex
	tty   *os.File // nil: it is no terminal
	shown bool     // there is a line
}

// newConsole returns the console that notes and progress go to.
func newConsole(stderr io.Writer) *console {
	if f, ok := stderr.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		return &console{tty: f}
	}
	return &console{}
}

// writer returns a writer to w that takes turns with the console's others.
func (c *console) writer(w io.Writer) io.Writer { return &consoleWriter{c, w} }

type consoleWriter struct {
	console *console
	to      io.Writer
}

// Write takes the line of progress away first; it is shown again when it changes.
func (w *consoleWriter) Write(p []byte) (int, error) {
	c := w.console
	c.mu.Lock()
	defer c.mu.Unlock()
	c.redraw("")
	return w.to.Write(p)
}

// show writes over the line of progress; an empty one takes it away.
func (c *console) show(line string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.redraw(line)
}

func (c *console) redraw(line string) {
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
