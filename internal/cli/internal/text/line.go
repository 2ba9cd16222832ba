package text

import (
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"golang.org/x/term"
)

// labelWidth is the width of a line's label, in characters.
const labelWidth = 10

// Width returns the characters in a line of a terminal, or 0 if w is not a terminal.
func Width(w io.Writer) int {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return 0
	}
	width, _, err := term.GetSize(int(f.Fd()))
	if err != nil || width <= 2*labelWidth {
		return 0
	}
	return width
}

// Line returns a labelled line, with its newline. It is wrapped at width, unless that is 0. A word
// longer than a line is not broken, so that it can be copied.
func Line(label, text string, width int) string {
	var out strings.Builder
	fmt.Fprintf(&out, "%-*s", labelWidth, label)
	at := labelWidth
	for i, word := range strings.Split(text, " ") {
		n := utf8.RuneCountInString(word)
		switch {
		case i == 0:
		case width > 0 && at+1+n > width:
			fmt.Fprintf(&out, "\n%*s", labelWidth, "")
			at = labelWidth
		default:
			out.WriteByte(' ')
			at++
		}
		out.WriteString(word)
		at += n
	}
	out.WriteByte('\n')
	return out.String()
}
