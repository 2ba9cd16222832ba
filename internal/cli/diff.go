package cli

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/mailhaul/mailhaul/internal/cli/internal/text"
	"github.com/mailhaul/mailhaul/manifest"
	"github.com/mailhaul/mailhaul/snapshots"
)

type diffFlags struct {
	repo    string
	mailbox string
	json    bool
}

func (a *app) diffCommand() *cobra.Command {
	var f diffFlags
	cmd := &cobra.Command{
		Use:   "diff --repo URL --mailbox ID A B",
		Short: "Show the differences between two snapshots",
		Long: `Diff compares snapshots A and B of a mailbox, and prints a line for each folder
and item that differs: + added, - removed, ~ changed, > moved. Exchange gives a
moved item another id. Diff recognises it by its search key, if the snapshots
have one.

Exit codes: 0 compared, whether or not there are differences; 1 failed;
2 wrong usage; 130 interrupted.`,
		Example: `  mailhaul diff --repo ./mail --mailbox 'MBX:e0643f21@a7809c93' 6 7
  mailhaul diff --repo ./mail --mailbox 'MBX:e0643f21@a7809c93' 1 7 --json |
    jq -r 'select(.change == "removed") | .subject'`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 2 {
				return usagef("which snapshots? give two numbers, as mailhaul snapshots shows them")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return a.diff(cmd.Context(), f, args) },
	}
	repoFlag(cmd, &f.repo)
	mailboxFlag(cmd, &f.mailbox, "`ID` of the mailbox, as mailhaul snapshots shows it")
	jsonFlag(cmd, &f.json, "print one JSON object for each difference")
	return cmd
}

func (a *app) diff(ctx context.Context, f diffFlags, args []string) (err error) {
	var numbers [2]uint64
	for i, arg := range args {
		if numbers[i], err = strconv.ParseUint(arg, 10, 64); err != nil || numbers[i] == 0 {
			return usagef("%q is not the number of a snapshot", arg)
		}
	}
	repo, before, err := a.openSnapshot(ctx, f.repo, f.mailbox, numbers[0])
	if err != nil {
		return err
	}
	defer repo.Close()
	after, err := snapshots.Load(ctx, repo, f.mailbox, numbers[1])
	if err != nil {
		return err
	}
	out := bufio.NewWriter(a.out)
	d := &diffPrinter{out: out, json: f.json, counts: map[snapshots.Kind]int64{}, before: pathsOf(before), after: pathsOf(after)}
	err = d.print(ctx, before, after)
	if err = errors.Join(err, out.Flush()); err != nil {
		return err
	}
	if !f.json {
		fmt.Fprintf(a.err, "%s added, %s removed, %s changed, %s moved\n", text.Comma(d.counts[snapshots.Added]),
			text.Comma(d.counts[snapshots.Removed]), text.Comma(d.counts[snapshots.Changed]), text.Comma(d.counts[snapshots.Moved]))
	}
	return nil
}

// pathsOf returns the paths of a snapshot's folders by their ids.
func pathsOf(s *snapshots.Snapshot) map[string][]string {
	paths := make(map[string][]string, len(s.Folders))
	for i := range s.Folders {
		paths[s.Folders[i].ID] = s.Folders[i].Path
	}
	return paths
}

type diffPrinter struct {
	out           io.Writer
	json          bool
	counts        map[snapshots.Kind]int64
	before, after map[string][]string
}

var diffSigns = map[snapshots.Kind]string{
	snapshots.Added: "+", snapshots.Removed: "-", snapshots.Changed: "~", snapshots.Moved: ">",
}

func (d *diffPrinter) print(ctx context.Context, before, after *snapshots.Snapshot) error {
	for _, c := range snapshots.Folders(before, after) {
		if err := d.folder(&c); err != nil {
			return err
		}
	}
	for c, err := range snapshots.Items(ctx, before, after) {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return err
		}
		d.counts[c.Kind]++
		if err := d.item(&c); err != nil {
			return err
		}
	}
	return nil
}

func (d *diffPrinter) folder(c *snapshots.FolderChange) error {
	if d.json {
		return d.encode(struct {
			Change snapshots.Kind `json:"change"`
			Folder string         `json:"folder"`
			Path   []string       `json:"path"`
			From   []string       `json:"from,omitempty"`
		}{c.Kind, c.Folder.ID, c.Folder.Path, c.From})
	}
	line := fmt.Sprintf("%s folder  %s", diffSigns[c.Kind], text.Path(c.Folder.Path))
	if c.Kind == snapshots.Moved || c.Kind == snapshots.Changed {
		line += ", before: " + text.Path(c.From)
	}
	_, err := fmt.Fprintln(d.out, line)
	return err
}

func (d *diffPrinter) item(c *snapshots.Change) error {
	path := d.after[c.Row.Folder]
	if c.Kind == snapshots.Removed {
		path = d.before[c.Row.Folder]
	}
	from := d.before[c.From]
	if d.json {
		return d.encode(struct {
			Change snapshots.Kind `json:"change"`
			manifest.Row
			Path []string `json:"path"`
			From []string `json:"from,omitempty"`
		}{c.Kind, c.Row, path, from})
	}
	line := fmt.Sprintf("%s %s  %s", diffSigns[c.Kind], text.Path(path), describeRow(&c.Row))
	if c.Kind == snapshots.Moved {
		line += ", before in " + text.Path(from)
	}
	_, err := fmt.Fprintln(d.out, line)
	return err
}

func (d *diffPrinter) encode(v any) error {
	enc := json.NewEncoder(d.out)
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}
