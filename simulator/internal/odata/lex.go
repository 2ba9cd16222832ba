package odata

import (
	"errors"
	"strings"
)

// lex splits an expression into words, strings with their quotes, and parentheses.
func lex(s string) ([]string, error) {
	var all []string
	for s = strings.TrimSpace(s); s != ""; s = strings.TrimSpace(s) {
		n := 1
		switch {
		case s[0] == '\'':
			if n = stringEnd(s); n < 0 {
				return nil, errors.New("a string does not end")
			}
		case s[0] == '(' || s[0] == ')':
		default:
			if n = strings.IndexAny(s, " \t\r\n()'"); n < 0 {
				n = len(s)
			}
		}
		all, s = append(all, s[:n]), s[n:]
	}
	return all, nil
}

// stringEnd returns where the string ends that s begins with, or -1. Two quotes stand for one.
func stringEnd(s string) int {
	for i := 1; i < len(s); i++ {
		if s[i] != '\'' {
			continue
		}
		if i+1 == len(s) || s[i+1] != '\'' {
			return i + 1
		}
		i++
	}
	return -1
}
