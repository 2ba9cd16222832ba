package s3blob

import (
	"bufio"
	"errors"
	"io"
	"strings"
)

// readSection returns the settings of a section of an AWS configuration or credentials file, nil if
// there is no such section. Indented lines after a setting without a value are a part of that
// setting, and are left out.
//
// https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html
func readSection(r io.Reader, section string) (map[string]string, error) {
	var settings map[string]string
	inSection, isNested := false, false
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		line := strings.TrimPrefix(lines.Text(), "\ufeff")
		text := strings.TrimSpace(withoutComment(line))
		isIndented := strings.HasPrefix(line, " ") || strings.HasPrefix(line, "\t")
		if text == "" || isIndented && isNested {
			continue
		}
		if name, isHeader := strings.CutPrefix(text, "["); isHeader {
			name, isClosed := strings.CutSuffix(name, "]")
			if !isClosed {
				return nil, errors.New("the name of a section has no end")
			}
			inSection, isNested = strings.TrimSpace(name) == section, false
			if inSection && settings == nil {
				settings = map[string]string{}
			}
			continue
		}
		i := strings.IndexAny(text, "=:")
		if i <= 0 {
			return nil, errors.New("a line is no setting")
		}
		value := strings.TrimSpace(text[i+1:])
		isNested = value == ""
		if inSection {
			settings[strings.TrimSpace(text[:i])] = value
		}
	}
	return settings, lines.Err()
}

// withoutComment returns a line up to a # or ; at its start or after a space.
func withoutComment(line string) string {
	for i, c := range line {
		if (c == '#' || c == ';') && (i == 0 || line[i-1] == ' ' || line[i-1] == '\t') {
			return line[:i]
		}
	}
	return line
}
