package s3blob

import (
	"net/url"
	"strconv"
	"strings"
)

// escapeKey writes a key so that S3 and its servers accept it. Characters that they do not accept
// become "__0x<hex>__".
func escapeKey(key string) string {
	if n := len(key) - 1; n >= 0 && key[n] == '/' {
		return escapePrefix(key[:n]) + escaped('/')
	}
	return escapePrefix(key)
}

// escapePrefix is escapeKey for the beginning of a key.
func escapePrefix(key string) string {
	var b strings.Builder
	runes := []rune(key)
	for i, c := range runes {
		isEscaped := c < ' ' || c == '\\' || c == '_' && strings.HasPrefix(string(runes[i:min(i+len(escapeMark), len(runes))]), escapeMark) ||
			c == '/' && (i == 0 || runes[i-1] == '/' || i > 1 && runes[i-1] == '.' && runes[i-2] == '.' || i == 1 && runes[0] == '.')
		if isEscaped {
			b.WriteString(escaped(c))
		} else {
			b.WriteRune(c)
		}
	}
	return b.String()
}

func escaped(c rune) string { return escapeMark + strconv.FormatInt(int64(c), 16) + escapeEnd }

const escapeMark, escapeEnd = "__0x", "__"

// cutEscaped reads an escaped character at the beginning of a text.
func cutEscaped(s string) (c rune, rest string, ok bool) {
	s, ok = strings.CutPrefix(s, escapeMark)
	hex, rest, ended := strings.Cut(s, escapeEnd)
	n, err := strconv.ParseInt(hex, 16, 32)
	return rune(n), rest, ok && ended && err == nil && n >= 0
}

// unescapeKey reads what escapeKey writes.
func unescapeKey(s string) string {
	var b strings.Builder
	for {
		i := strings.Index(s, escapeMark)
		if i < 0 {
			b.WriteString(s)
			return b.String()
		}
		b.WriteString(s[:i])
		if c, rest, ok := cutEscaped(s[i:]); ok {
			b.WriteRune(c)
			s = rest
		} else {
			b.WriteByte(s[i])
			s = s[i+1:]
		}
	}
}

// The names and values of metadata are headers, escaped as in URLs.

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
