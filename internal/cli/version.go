package cli

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mailhaul/mailhaul/manifest"
)

// A build tells what was built.
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

// release is the version with the commit, where it is known and no part of the version.
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

// String tells it in lines for a person.
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
		Use: "version", Short: "Tell what was built", Args: noArgs,
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
