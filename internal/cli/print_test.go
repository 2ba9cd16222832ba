package cli

import "testing"

func TestMany(t *testing.T) {
	for n, want := range map[int64]string{0: "0 mailboxes", 1: "1 mailbox", 2: "2 mailboxes", 12_345: "12,345 mailboxes"} {
		if got := many(n, "mailbox"); got != want {
			t.Errorf("%d: %q, want %q", n, got, want)
		}
	}
}
