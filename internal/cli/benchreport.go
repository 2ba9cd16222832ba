package cli

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/mailhaul/mailhaul/bench"
	"github.com/mailhaul/mailhaul/bench/render"
	"github.com/mailhaul/mailhaul/internal/cli/internal/observe"
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

// printBench writes a report to the files, and prints it whether that could be done or not.
func (a *app) printBench(o benchOutput, r *bench.Report) error {
	err := o.write(r)
	if o.json {
		return errors.Join(err, render.JSON(a.out, r))
	}
	return errors.Join(err, render.Text(a.out, r, a.style()))
}

// files are those that are wanted.
func (o *benchOutput) files() []reportFile {
	var files []reportFile
	add := func(flag, name string, form reportForm) {
		if name != "" {
			files = append(files, reportFile{flag, name, form})
		}
	}
	add("--markdown", o.markdown, render.Markdown)
	add("--html", o.html, render.HTML)
	if o.dir != "" {
		add("--out", filepath.Join(o.dir, "report.json"), render.JSON)
		add("--out", filepath.Join(o.dir, "report.md"), render.Markdown)
		add("--out", filepath.Join(o.dir, "report.html"), render.HTML)
	}
	return files
}

// prepare makes the directory, and sees that the files can be written: a measurement is too long to find that out after it.
// Files that are there keep what they hold. tidy removes the directory again if nothing came into it.
func (o *benchOutput) prepare() (tidy func(), err error) {
	tidy = tidyDir(o.dir)
	if o.dir != "" {
		if err := os.MkdirAll(o.dir, 0o777); err != nil {
			return nil, usagef("--out: %w", err)
		}
	}
	for _, f := range o.files() {
		if err := f.check(); err != nil {
			tidy()
			return nil, usagef("%s: %w", f.flag, err)
		}
	}
	return tidy, nil
}

// write writes a report to all files that it can be written to.
func (o *benchOutput) write(r *bench.Report) error {
	var errs []error
	for _, f := range o.files() {
		errs = append(errs, f.write(r))
	}
	return errors.Join(errs...)
}

type reportForm func(io.Writer, *bench.Report) error

// A reportFile is a file for a report in some form.
type reportFile struct {
	flag string // that asks for it
	name string
	form reportForm
}

// check tells whether the file can be written. It leaves things as they are.
func (f *reportFile) check() error {
	if info, err := os.Stat(f.name); err == nil && !info.IsDir() && !info.Mode().IsRegular() {
		return nil // opening a pipe means something to who reads it
	}
	file, err := os.OpenFile(f.name, os.O_WRONLY, 0)
	if !errors.Is(err, fs.ErrNotExist) {
		if err == nil {
			err = file.Close()
		}
		return err
	}
	if file, err = os.OpenFile(f.name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666); err != nil {
		return err
	}
	return errors.Join(file.Close(), os.Remove(f.name))
}

// write replaces what the file holds, unless the report cannot be told in this form.
func (f *reportFile) write(r *bench.Report) error {
	var b bytes.Buffer
	if err := f.form(&b, r); err != nil {
		return err
	}
	return os.WriteFile(f.name, b.Bytes(), 0o666)
}

// style is how text looks where it is printed.
func (a *app) style() render.Style {
	f, ok := observe.Unwrap(a.out).(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return render.Style{}
	}
	width, _, err := term.GetSize(int(f.Fd()))
	if err != nil {
		width = 0
	}
	return render.Style{Color: os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb", Width: max(0, min(width, 140))}
}
