package cli

import (
	"io"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/spf13/cobra"
)

// TestHelpFits checks that the help of every command fits a terminal of 80 columns, and has an
// example and exit codes.
func TestHelpFits(t *testing.T) {
	for _, cmd := range commands(newApp(io.Discard, io.Discard).root()) {
		help := cmd.Long + "\n" + cmd.UsageString()
		for line := range strings.Lines(help) {
			if n := utf8.RuneCountInString(strings.TrimRight(line, "\n")); n > 80 {
				t.Errorf("%s: %d columns: %s", cmd.Name(), n, line)
			}
		}
		if cmd.HasParent() && !cmd.Hidden && cmd.Name() != "version" && (cmd.Example == "" || !strings.Contains(help, "Exit code")) {
			t.Errorf("%s: the help has no example, or no exit codes", cmd.Name())
		}
	}
}

// commands returns a command and those below it that are mailhaul's own.
func commands(cmd *cobra.Command) (all []*cobra.Command) {
	all = append(all, cmd)
	for _, sub := range cmd.Commands() {
		if sub.Name() != "completion" && sub.Name() != "help" {
			all = append(all, commands(sub)...)
		}
	}
	return all
}
