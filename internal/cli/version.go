package cli

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mailhaul/mailhaul/manifest"
)

// A build is what this program was built from.
type build struct {
	Version  string `json:"version"`
	Commit   string `json:"commit,omitempty"`
	Time     string `json:"time,omitempty"` // of the commit
	Modified bool   `json:"modified"`       // built from a changed tree
	Go       string `json:"go"`
	Platform string `json:"platform"`
	Format   int    `json:"format"` // of the repository
}

func version() build {
	b := build{Version: "devel", Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH, Format: manifest.FormatVersion}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		b.Version = v
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.Commit = s.Value
		case "vcs.time":
			b.Time = s.Value
		case "vcs.modified":
			b.Modified = s.Value == "true"
		}
	}
	return b
}

// release returns the version, with the commit if it is known and not part of the version.
func (b build) release() string {
	commit := b.Commit[:min(12, len(b.Commit))]
	if strings.Contains(b.Version, commit) {
		return b.Version
	}
	if b.Modified {
		commit += ", modified"
	}
	return fmt.Sprintf("%s (commit %s)", b.Version, commit)
}

// String returns a line or two for people.
func (b build) String() string {
	text := fmt.Sprintf("mailhaul %s, repository format %d, %s %s\n", b.Version, b.Format, b.Go, b.Platform)
	if b.Commit != "" {
		text += fmt.Sprintf("commit %s of %s, modified: %t\n", b.Commit, b.Time, b.Modified)
	}
	return text
}

func (a *app) versionCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "version", Short: "Print the version", Args: noArgs,
		Long: `Version prints the version of mailhaul, the version of the repository format
that it writes, and the commit that it was built from.`,
		Example: `  mailhaul version --json | jq -r .version`,
		RunE: func(*cobra.Command, []string) error {
			b := version()
			if asJSON {
				return a.printJSON(b)
			}
			fmt.Fprint(a.out, b)
			return nil
		},
	}
	jsonFlag(cmd, &asJSON, "print one JSON object")
	return cmd
}
