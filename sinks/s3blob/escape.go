package s3blob

import (
	"net/url"
	"strconv"
	"strings"
)

// escapeKey writes a key as S3 and its servers take it: a character that they do not
// as "__0x<hex>__".
func escapeKey(key string) string {
	var b strings.Builder
	runes := []rune(key)
	for i, c := range runes {
		odd := c < ' ' || c == '\\' ||
			c == '/' && (i == 0 || runes[i-1] == '/' || i > 1 && runes[i-1] == '.' && runes[i-2] == '.' || i == 1 && runes[0] == '.')
		if odd {
			b.WriteString("__0x" + strconv.FormatInt(int64(c), 16) + "__")
		} else {
			b.WriteRune(c)
		}
	}
	return b.String()
}

// unescapeKey reads what escapeKey writes.
func unescapeKey(s string) string {
	var b strings.Builder
	for {
		before, rest, ok := strings.Cut(s, "__0x")
		b.WriteString(before)
		if !ok {
			return b.String()
		}
		hex, after, ended := strings.Cut(rest, "__")
		c, err := strconv.ParseInt(hex, 16, 32)
		if !ended || err != nil {
			b.WriteString("__0x")
			s = rest
			continue
		}
		b.WriteRune(rune(c))
		s = after
	}
}

// Metadata travels in headers: names and values are escaped as in URLs.

func escapeMetadata(metadata map[string]string) map[string]string {
	escaped := make(map[string]string, len(metadata))
	for k, v := range metadata {
		k = strings.NewReplacer("@", "%40", ":", "%3A", "=", "%3D", "~", "%7E", "_", "%5F").Replace(url.PathEscape(k))
		escaped[strings.ReplaceAll(k, "%", "_")] = url.PathEscape(v)
	}
	return escaped
}

func unescapeMetadata(headers map[string]string) map[string]string {
	metadata := make(map[string]string, len(headers))
	for k, v := range headers {
		name, err := url.PathUnescape(strings.ReplaceAll(strings.ToLower(k), "_", "%"))
		if err != nil {
			name = strings.ToLower(k)
		}
		value, err := url.PathUnescape(v)
		if err != nil {
			value = v
		}
		metadata[name] = value
	}
	return metadata
}
