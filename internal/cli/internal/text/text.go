// Package text formats numbers, names and lines for people.
package text

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/dustin/go-humanize"
	"github.com/dustin/go-humanize/english"

	"github.com/mailhaul/mailhaul/pipeline"
)

// ShortTime is the layout of a time where there is little room.
const ShortTime = "2006-01-02 15:04"

// Comma returns a number with a comma after each three digits.
func Comma(n int64) string { return humanize.Comma(n) }

// Many returns a number and a word, in the plural unless the number is one.
func Many(n int64, word string) string { return Comma(n) + " " + english.PluralWord(int(n), word, "") }

// Size returns a number of bytes with a binary unit, such as 12 MiB.
func Size(n int64) string { return humanize.IBytes(uint64(max(n, 0))) }

// Printable replaces characters that could move a terminal's cursor or hide text. Names come from
// mailboxes, and anyone can send a mail.
func Printable(s string) string {
	return strings.Map(func(c rune) rune {
		if !unicode.IsPrint(c) {
			return unicode.ReplacementChar
		}
		return c
	}, s)
}

// Path returns the printable path of a folder.
func Path(path []string) string { return Printable(pipeline.FormatPath(path)) }

// Shorten cuts a text to n characters.
func Shorten(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:n-1]) + "…"
}

// OneLine joins the lines of a text, and cuts it to a bounded length.
func OneLine(s string) string {
	const maxLength = 800 // bytes
	s = strings.Join(strings.Fields(s), " ")
	if len(s) > maxLength {
		s = strings.ToValidUTF8(s[:maxLength], "") + "…"
	}
	return s
}

// ShellQuote quotes a word for a shell.
func ShellQuote(word string) string {
	return "'" + strings.ReplaceAll(Printable(word), "'", `'\''`) + "'"
}
