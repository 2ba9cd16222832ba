package mailhaul_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

// maxColumns bounds the lines of prose. Tables and code may be wider.
const maxColumns = 100

// TestDocuments checks that prose wraps, and that links within the project lead to a file and, if
// they name one, to a heading.
func TestDocuments(t *testing.T) {
	for _, file := range documents(t) {
		for n, line := range prose(t, file) {
			if width := utf8.RuneCountInString(line); width > maxColumns && !strings.Contains(line, "](http") {
				t.Errorf("%s:%d: %d columns, more than %d", file, n+1, width, maxColumns)
			}
			for _, link := range links.FindAllStringSubmatch(line, -1) {
				if !strings.Contains(link[1], "://") {
					checkLink(t, file, n+1, link[1])
				}
			}
		}
	}
}

var (
	links    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	unlinked = regexp.MustCompile(`[^a-z0-9 _-]`)
)

// documents returns the Markdown files of the project.
func documents(t *testing.T) []string {
	t.Helper()
	var all []string
	err := filepath.WalkDir(".", func(file string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && strings.HasPrefix(d.Name(), ".") && file != ".":
			return fs.SkipDir
		case strings.HasSuffix(file, ".md"):
			all = append(all, file)
		}
		return nil
	})
	if err != nil || len(all) == 0 {
		t.Fatalf("%d documents, %v", len(all), err)
	}
	return all
}

// prose returns the lines of a document. Lines of code and tables keep nothing but links.
func prose(t *testing.T, file string) []string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	lines, code := strings.Split(string(data), "\n"), false
	for i, line := range lines {
		fence := strings.HasPrefix(strings.TrimSpace(line), "```")
		switch {
		case fence || code:
			lines[i] = ""
		case strings.HasPrefix(strings.TrimSpace(line), "|"):
			lines[i] = strings.Join(links.FindAllString(line, -1), "\n")
		}
		code = code != fence
	}
	return lines
}

func checkLink(t *testing.T, file string, line int, link string) {
	t.Helper()
	path, anchor, _ := strings.Cut(link, "#")
	target := file
	if path != "" {
		target = filepath.Join(filepath.Dir(file), path)
	}
	if _, err := os.Stat(target); err != nil {
		t.Errorf("%s:%d: the link %s: %v", file, line, link, err)
		return
	}
	if anchor == "" {
		return
	}
	for _, text := range prose(t, target) {
		if heading := strings.TrimLeft(text, "#"); heading != text {
			words := unlinked.ReplaceAllString(strings.ToLower(strings.TrimSpace(heading)), "")
			if strings.ReplaceAll(words, " ", "-") == anchor {
				return
			}
		}
	}
	t.Errorf("%s:%d: the link %s: %s has no such heading", file, line, link, target)
}
