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

	"github.com/mailhaul/mailhaul/bench/render"
	"github.com/mailhaul/mailhaul/bench/report"
	"github.com/mailhaul/mailhaul/internal/cli/internal/observe"
)

// benchOutput is where the report of a benchmark goes, and in which forms.
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

// printBench writes a report to the files and prints it, even if a file cannot be written.
func (a *app) printBench(o benchOutput, r *report.Report) error {
	err := o.write(r)
	if o.json {
		return errors.Join(err, render.JSON(a.out, r))
	}
	return errors.Join(err, render.Text(a.out, r, a.style()))
}

// files returns the files that the flags request.
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

// prepare creates the directory and checks that the files can be written, before a long
// measurement. Existing files stay as they are. tidy removes the directory again if it is new and
// empty.
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

// write writes a report to all files that can be written.
func (o *benchOutput) write(r *report.Report) error {
	var errs []error
	for _, f := range o.files() {
		errs = append(errs, f.write(r))
	}
	return errors.Join(errs...)
}

type reportForm func(io.Writer, *report.Report) error

// A reportFile is a file for a report.
type reportFile struct {
	flag string // that names it
	name string
	form reportForm
}

// check returns an error if the file cannot be written. It changes nothing.
func (f *reportFile) check() error {
	if info, err := os.Stat(f.name); err == nil && !info.IsDir() && !info.Mode().IsRegular() {
		return nil // opening a pipe would start its reader
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

// write replaces the content of the file. The file stays as it is if the report does not have the
// form.
func (f *reportFile) write(r *report.Report) error {
	var b bytes.Buffer
	if err := f.form(&b, r); err != nil {
		return err
	}
	return os.WriteFile(f.name, b.Bytes(), 0o666)
}

// style returns the style of text on stdout.
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
