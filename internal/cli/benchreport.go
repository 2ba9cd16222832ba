package cli

import (
	"errors"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/mailhaul/mailhaul/bench"
	"github.com/mailhaul/mailhaul/bench/render"
)

// benchOutput says in which forms a report of a benchmark is told.
type benchOutput struct {
	json           bool
	dir            string
	markdown, html string // files
}

func (o *benchOutput) add(cmd *cobra.Command) {
	jsonFlag(cmd, &o.json, "print the report as JSON on stdout")
	cmd.Flags().StringVar(&o.dir, "out", "", "`DIR` to write report.json, report.md and report.html to")
	cmd.Flags().StringVar(&o.markdown, "markdown", "", "`FILE` to write the report to as Markdown")
	cmd.Flags().StringVar(&o.html, "html", "", "`FILE` to write the report to as one HTML page with plots")
}

// printBench writes a report to the files, and prints it.
func (a *app) printBench(o benchOutput, r *bench.Report) error {
	if err := o.write(r); err != nil {
		return err
	}
	if o.json {
		return render.JSON(a.out, r)
	}
	return render.Text(a.out, r, a.style())
}

// write writes a report to the files that are wanted.
func (o *benchOutput) write(r *bench.Report) error {
	files := []reportFile{{o.markdown, render.Markdown}, {o.html, render.HTML}}
	if o.dir != "" {
		if err := os.MkdirAll(o.dir, 0o777); err != nil {
			return err
		}
		in := func(name string) string { return filepath.Join(o.dir, name) }
		files = append(files, reportFile{in("report.json"), render.JSON}, reportFile{in("report.md"), render.Markdown}, reportFile{in("report.html"), render.HTML})
	}
	for _, f := range files {
		if err := f.write(r); err != nil {
			return err
		}
	}
	return nil
}

// A reportFile is a file for a report in some form; none if it has no name.
type reportFile struct {
	name string
	form func(io.Writer, *bench.Report) error
}

func (f *reportFile) write(r *bench.Report) error {
	if f.name == "" {
		return nil
	}
	file, err := os.Create(f.name)
	if err != nil {
		return err
	}
	return errors.Join(f.form(file, r), file.Close())
}

// style is how text looks where it is printed.
func (a *app) style() render.Style {
	out := a.out
	if w, ok := out.(*consoleWriter); ok {
		out = w.to
	}
	f, ok := out.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return render.Style{}
	}
	width, _, err := term.GetSize(int(f.Fd()))
	if err != nil {
		width = 0
	}
	return render.Style{Color: os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb", Width: max(0, min(width, 140))}
}
