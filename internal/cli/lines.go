package cli

import (
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"golang.org/x/term"
)

// labelWidth is what the label of a line takes, in characters.
const labelWidth = 10

// widthOf returns how many characters a line of a terminal holds; 0 of what is none.
func widthOf(w io.Writer) int {
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

// line prints a labelled line. In a terminal, one that is too long goes on in another one; a word
// that is too long stays whole, so that it can be copied.
func (a *app) line(label, text string) {
	var out strings.Builder
	fmt.Fprintf(&out, "%-*s", labelWidth, label)
	at := labelWidth
	for i, word := range strings.Split(text, " ") {
		n := utf8.RuneCountInString(word)
		switch {
		case i == 0:
		case a.width > 0 && at+1+n > a.width:
			fmt.Fprintf(&out, "\n%*s", labelWidth, "")
			at = labelWidth
		default:
			out.WriteByte(' ')
			at++
		}
		out.WriteString(word)
		at += n
	}
	fmt.Fprintln(a.out, out.String())
}
