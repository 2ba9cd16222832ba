package text_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/mailhaul/mailhaul/internal/cli/internal/text"
)

func TestMany(t *testing.T) {
	for n, want := range map[int64]string{0: "0 mailboxes", 1: "1 mailbox", 2: "2 mailboxes", 12_345: "12,345 mailboxes"} {
		if got := text.Many(n, "mailbox"); got != want {
			t.Errorf("%d: %q, want %q", n, got, want)
		}
	}
}

func TestShellQuote(t *testing.T) {
	if got := text.ShellQuote("It's $HOME"); got != `'It'\''s $HOME'` {
		t.Errorf("quoted is %s", got)
	}
}

// TestLine: lines fit a terminal, and are not wrapped elsewhere.
func TestLine(t *testing.T) {
	words := strings.Repeat("words of text ", 30) + strings.Repeat("x", 100) + " end"
	wrapped := text.Line("short", words, 80)
	for _, line := range strings.Split(wrapped, "\n") {
		if utf8.RuneCountInString(line) > 80 && !strings.Contains(line, strings.Repeat("x", 100)) {
			t.Errorf("a line has %d characters: %q", utf8.RuneCountInString(line), line)
		}
	}
	if joined := strings.Join(strings.Fields(wrapped), " "); joined != "short "+words {
		t.Errorf("text is %q", joined)
	}
	if got := text.Line("short", words, 0); got != "short     "+words+"\n" {
		t.Errorf("line is %q", got)
	}
}
