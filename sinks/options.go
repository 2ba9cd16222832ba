package sinks

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
)

// WithOptions returns the URL of a bucket with parameters added. It is an error to add a parameter
// that the URL has, or any parameter to the path of a directory. Open checks whether the store has
// the parameter.
func WithOptions(text string, options map[string]string) (string, error) {
	if len(options) == 0 {
		return text, nil
	}
	names := slices.Sorted(maps.Keys(options))
	scheme, _, isURL := strings.Cut(text, "://")
	if !isURL {
		return "", fmt.Errorf("%s is no option of a directory", names[0])
	}
	u, err := url.Parse(text)
	if err != nil {
		return "", fmt.Errorf("%s URL: %w", scheme, ErrURL)
	}
	for _, name := range names {
		if u.Query().Has(name) {
			return "", fmt.Errorf("%s is in the URL and is given besides: give it once", name)
		}
		if u.RawQuery != "" {
			u.RawQuery += "&"
		}
		u.RawQuery += url.QueryEscape(name) + "=" + url.QueryEscape(options[name])
	}
	return u.String(), nil
}
