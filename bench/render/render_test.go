package render_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"

	"github.com/mailhaul/mailhaul/bench/render"
	"github.com/mailhaul/mailhaul/bench/report"
)

// asPage renders a report as HTML and checks the page.
func asPage(t *testing.T, r *report.Report) (source string, root *html.Node) {
	t.Helper()
	var b bytes.Buffer
	if err := render.HTML(&b, r); err != nil {
		t.Fatal(err)
	}
	root, err := html.Parse(bytes.NewReader(b.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	for n := range root.Descendants() {
		checkNode(t, n)
	}
	for _, image := range images.FindAllString(b.String(), -1) {
		checkImage(t, image)
	}
	return b.String(), root
}

var images = regexp.MustCompile(`(?s)<svg.*?</svg>`)

// checkNode checks that an element neither runs nor loads anything, and that its coordinates are
// finite.
func checkNode(t *testing.T, n *html.Node) {
	t.Helper()
	if n.Type != html.ElementNode {
		return
	}
	switch n.Data {
	case "script", "img", "link", "iframe", "image", "use", "object", "a":
		t.Errorf("the page has an element %s", n.Data)
	}
	for _, a := range n.Attr {
		if strings.HasPrefix(a.Key, "on") || a.Key == "href" || a.Key == "src" || a.Key == "style" {
			t.Errorf("%s has an attribute %s=%q", n.Data, a.Key, a.Val)
		}
		if n.Namespace == "svg" && strings.ContainsAny(a.Key, "xywhr") && (strings.Contains(a.Val, "NaN") || strings.Contains(a.Val, "Inf")) {
			t.Errorf("%s has %s=%q", n.Data, a.Key, a.Val)
		}
	}
}

// checkImage checks that an image is well-formed.
func checkImage(t *testing.T, image string) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(image))
	for {
		_, err := d.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Errorf("%v in %s", err, image)
			return
		}
	}
}

// text returns the text of a page.
func text(root *html.Node) string {
	var b strings.Builder
	for n := range root.Descendants() {
		if n.Type == html.TextNode && n.Parent.Data != "style" {
			b.WriteString(n.Data + "\n")
		}
	}
	return b.String()
}

func inText(t *testing.T, r *report.Report, style render.Style) string {
	t.Helper()
	var b bytes.Buffer
	if err := render.Text(&b, r, style); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func inMarkdown(t *testing.T, r *report.Report) string {
	t.Helper()
	var b bytes.Buffer
	if err := render.Markdown(&b, r); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// names returns all names of a report.
func names(r *report.Report) []string {
	s, t := &r.Scenarios[0], r.Tenant
	all := []string{
		s.Scenario, s.What, s.Stages[0].Variant, s.Stages[1].Name, r.Command, r.Machine.CPU,
		r.Versions["mailhaul"], t.User, t.Store, t.Advice[0], t.Leftovers.Error, t.Estimate.Assumptions[0],
	}
	for _, f := range r.Failed {
		all = append(all, f.Scenario, f.Contender, f.Error)
	}
	for _, row := range r.Goals {
		all = append(all, row.Name, row.Target, row.Measured, string(row.Outcome))
	}
	return all
}

func TestAllIsShown(t *testing.T) {
	r := sample("x")
	source, root := asPage(t, r)
	page, plain, markdown := text(root), strings.Join(strings.Fields(inText(t, r, render.Style{Width: 1000})), " "), inMarkdown(t, r)
	for _, name := range names(r) {
		for form, shown := range map[string]string{"page": page, "text": plain, "Markdown": markdown} {
			if !strings.Contains(shown, name) {
				t.Errorf("%q is missing in the %s", name, form)
			}
		}
	}
	if n := len(images.FindAllString(source, -1)); n != 9 {
		t.Errorf("%d plots; want rates, costs, times, latencies, memory, bytes, items, a curve over numbers and one over labels", n)
	}
}

// TestPlotsShowFigures looks for figures in the plots.
func TestPlotsShowFigures(t *testing.T) {
	source, _ := asPage(t, sample("x"))
	for what, tip := range map[string]string{
		"the rate":            "<title>mailhaul, mailhaul: 50.0</title>",
		"a stage":             "<title>floor, decode: 1.50</title>",
		"the time of a stage": "<title>export, throttled: 5.00</title>",
		"a latency":           "<title>upload, 99 %: 1.10 s</title>",
		"a curve":             "<title>curve x: 90.0</title>",
	} {
		if !strings.Contains(source, tip) {
			t.Errorf("%s is not drawn: there is no %s", what, tip)
		}
	}
}

func TestHostileNames(t *testing.T) {
	for _, name := range []string{
		`<script>alert(1)</script>`, `"><svg onload=alert(1)>`, `'--><img src=x onerror=alert(1)>`, `</style></title></svg>`,
		"\x1b[2J\x07\x9b", "a|b\nc `d` [e](http://f) &lt;", "\u202egnp.exe", string([]byte{0xff, 0xfe}), "{{.}}",
	} {
		r := sample(name)
		asPage(t, r)
		plain, markdown := inText(t, r, render.Style{}), inMarkdown(t, r)
		for form, shown := range map[string]string{"text": plain, "Markdown": markdown} {
			if strings.ContainsAny(shown, "\x1b\x07\u009b\u202e") || !utf8.ValidString(shown) {
				t.Errorf("%q is not safe in the %s", name, form)
			}
		}
		if strings.ContainsAny(markdown, "<>") || strings.Contains(markdown, "\nc") {
			t.Errorf("%q is not escaped in\n%s", name, markdown)
		}
	}
}

func TestIncompleteReports(t *testing.T) {
	for name, r := range incompleteReports() {
		t.Run(name, func(t *testing.T) {
			_, root := asPage(t, r)
			for form, shown := range map[string]string{"page": text(root), "text": inText(t, r, render.Style{}), "Markdown": inMarkdown(t, r)} {
				if strings.Contains(shown, "NaN") || strings.Contains(shown, "Inf") {
					t.Errorf("a figure is not finite in the %s:\n%s", form, shown)
				}
			}
		})
	}
}

func TestTextFitsTheWidth(t *testing.T) {
	r := sample(strings.Repeat("long words ", 30))
	for _, width := range []int{0, 80, 120} {
		for line := range strings.Lines(inText(t, r, render.Style{Width: width})) {
			most := width
			if most == 0 {
				most = 100
			}
			if n := utf8.RuneCountInString(strings.TrimRight(line, "\n")); n > most && !strings.Contains(line, "scenario") && !strings.Contains(line, "user") {
				t.Errorf("width %d: %d columns: %s", width, n, line)
			}
		}
	}
}

func TestColorIsOnlyColor(t *testing.T) {
	r := sample("x")
	plain, color := inText(t, r, render.Style{}), inText(t, r, render.Style{Color: true})
	if !strings.Contains(color, "\x1b[32mpass\x1b[0m") || !strings.Contains(color, "\x1b[1;31mmiss\x1b[0m") {
		t.Error("outcomes have no color")
	}
	if diff := cmp.Diff(plain, regexp.MustCompile(`\x1b\[[0-9;]*m`).ReplaceAllString(color, "")); diff != "" {
		t.Errorf("color changes the words (-without +with):\n%s", diff)
	}
}

func TestJSON(t *testing.T) {
	r := sample("<x>")
	var b bytes.Buffer
	if err := render.JSON(&b, r); err != nil {
		t.Fatal(err)
	}
	back := &report.Report{}
	if err := json.Unmarshal(b.Bytes(), back); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(r, back); diff != "" {
		t.Errorf("through JSON (-want +got):\n%s", diff)
	}
}

// TestTitleCountsGoals checks that a failed goal is not reached, and that one that was left out is
// not counted.
func TestTitleCountsGoals(t *testing.T) {
	for name, c := range map[string]struct {
		outcomes []report.Outcome
		want     string
	}{
		"all reached": {[]report.Outcome{report.Pass, report.Pass}, "mailhaul reaches 2 of 2 goals"},
		"left out":    {[]report.Outcome{report.Pass, report.LeftOut}, "mailhaul reaches 1 of 1 goals, 1 left out"},
		"failed":      {[]report.Outcome{report.Pass, report.Miss, report.Failed, report.LeftOut}, "mailhaul reaches 1 of 3 goals, 1 left out"},
		"nothing":     {[]report.Outcome{report.LeftOut, report.LeftOut}, "None of 2 goals was measured"},
		"only failed": {[]report.Outcome{report.Failed}, "mailhaul reaches 0 of 1 goals"},
	} {
		r := &report.Report{}
		for _, o := range c.outcomes {
			r.Goals = append(r.Goals, report.Goal{Name: "row", Outcome: o})
		}
		if _, root := asPage(t, r); heading(root) != c.want {
			t.Errorf("%s: the title is %q; want %q", name, heading(root), c.want)
		}
	}
}

// heading returns the title of a page.
func heading(root *html.Node) string {
	for n := range root.Descendants() {
		if n.Data == "h1" && n.FirstChild != nil {
			return n.FirstChild.Data
		}
	}
	return ""
}

// TestFailures shows a report that has only failures, each on one line.
func TestFailures(t *testing.T) {
	r := &report.Report{Failed: []report.Failure{{Scenario: "s3", Contender: "restic", Error: "exit\nstatus 1"}, {Scenario: "file", Error: "disk full"}}}
	source, root := asPage(t, r)
	if want := "Nothing was measured: 2 failures"; heading(root) != want {
		t.Errorf("the title is %q; want %q", heading(root), want)
	}
	for form, c := range map[string][2]string{
		"page":     {source, "<td>s3: restic</td><td>exit status 1</td>"},
		"text":     {strings.Join(strings.Fields(inText(t, r, render.Style{})), " "), "s3: restic exit status 1 file disk full"},
		"Markdown": {inMarkdown(t, r), "| s3: restic | exit status 1 |\n| file | disk full |"},
	} {
		if !strings.Contains(c[0], c[1]) {
			t.Errorf("%q is missing in the %s:\n%s", c[1], form, c[0])
		}
	}
}

// TestFailedGoal checks that a failed goal looks like a missed one.
func TestFailedGoal(t *testing.T) {
	r := &report.Report{Goals: []report.Goal{{Name: "row", Outcome: report.Failed}}}
	if source, _ := asPage(t, r); !strings.Contains(source, `<td class="mark miss">✗ failed</td>`) {
		t.Error("the goal has no mark on the page")
	}
	if !strings.Contains(inText(t, r, render.Style{Color: true}), "\x1b[1;31mfailed\x1b[0m") {
		t.Error("the goal has no color in the text")
	}
}

// FuzzReport renders any report.
func FuzzReport(f *testing.F) {
	r := sample("x")
	for i := range r.Scenarios[0].Contenders {
		run := &r.Scenarios[0].Contenders[i].Runs[0]
		run.Samples = run.Samples[:3]
	}
	seed, err := json.Marshal(r)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(seed)
	f.Add([]byte(`{"scenarios":[{"curves":[{"points":[{"x":1e-320,"y":{"median":1e-320}},{"x":1e308,"y":{"median":1e308}}]}]}]}`))
	f.Add([]byte(`{"scenarios":[{"contenders":[{"runs":[{"reports":[null],"samples":[{"seconds":1e300}]}]}]}],"tenant":{}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		r := &report.Report{}
		if json.Unmarshal(data, r) != nil {
			return
		}
		asPage(t, r)
		inText(t, r, render.Style{Width: 60})
		inMarkdown(t, r)
	})
}

// TestProgress checks that the plot of a tenant has durable items, and that of a scenario the items
// that Graph sent.
func TestProgress(t *testing.T) {
	r := sample("x")
	_, root := asPage(t, r)
	if shown := text(root); !strings.Contains(shown, "1,234 items were stored") || strings.Contains(shown, "has sent") {
		t.Errorf("a tenant's page: %s", shown)
	}
	r.Tenant = nil
	_, root = asPage(t, r)
	if shown := text(root); !strings.Contains(shown, "1,234 items in 10") || !strings.Contains(shown, "has sent") || strings.Contains(shown, "were stored") {
		t.Errorf("a scenario's page: %s", shown)
	}
}
