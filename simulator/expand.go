package simulator

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// The extended properties of folders, as they come back.
const (
	propertyHidden     = "Boolean 0x10f4"
	propertyFolderType = "Integer 0x3601"
)

// maxExpand is how many extended properties one request may ask for.
const maxExpand = 50

// parseExpand reads $expand into the normal forms of the properties' ids.
func parseExpand(text string) ([]string, error) {
	if text == "" {
		return nil, nil
	}
	name, rest, _ := strings.Cut(text, "(")
	rest, closed := strings.CutSuffix(strings.TrimSpace(rest), ")")
	condition, ok := cutPrefixFold(strings.TrimSpace(rest), "$filter=")
	if !ok || !closed || !strings.EqualFold(name, "singleValueExtendedProperties") && !strings.EqualFold(name, "multiValueExtendedProperties") {
		return nil, badExpand(text)
	}
	words, err := lex(condition)
	if err != nil {
		return nil, badExpand(text)
	}
	var ids []string
	for i := 0; ; i += 4 {
		if i+3 > len(words) || !strings.EqualFold(words[i], "id") || !strings.EqualFold(words[i+1], "eq") || words[i+2][0] != '\'' {
			return nil, badExpand(text)
		}
		id, err := normalProperty(unquote(words[i+2]))
		if err != nil {
			return nil, err
		}
		ids = append(ids, id)
		if i+3 == len(words) {
			break
		}
		if !strings.EqualFold(words[i+3], "or") || len(ids) == maxExpand {
			return nil, badExpand(text)
		}
	}
	if strings.EqualFold(name, "multiValueExtendedProperties") {
		return nil, nil // nothing here has any
	}
	return ids, nil
}

func cutPrefixFold(s, prefix string) (string, bool) {
	if len(s) < len(prefix) || !strings.EqualFold(s[:len(prefix)], prefix) {
		return s, false
	}
	return s[len(prefix):], true
}

func badExpand(text string) error {
	return refusal(http.StatusBadRequest, "RequestBroker--ParseUri", "Parsing OData Select and Expand failed: '%s' is not supported.", clip(text))
}

var propertyTypes = []string{"String", "Integer", "Boolean", "SystemTime", "Binary", "Long", "Short", "Double", "CLSID"}

// normalProperty spells a property's id as Graph gives it back: "String 0x0037" is "String 0x37". Ids of named properties stay as they are.
func normalProperty(id string) (string, error) {
	kind, tag, _ := strings.Cut(strings.TrimSpace(id), " ")
	i := slices.IndexFunc(propertyTypes, func(t string) bool { return strings.EqualFold(t, kind) })
	tag = strings.TrimSpace(tag)
	if i >= 0 && strings.HasPrefix(tag, "{") {
		return propertyTypes[i] + " " + tag, nil
	}
	digits, ok := cutPrefixFold(tag, "0x")
	number, err := strconv.ParseUint(digits, 16, 16)
	if i < 0 || !ok || err != nil {
		return "", refusal(http.StatusBadRequest, "ErrorInvalidProperty", "The property id '%s' is invalid.", clip(id))
	}
	return propertyTypes[i] + " 0x" + strconv.FormatUint(number, 16), nil
}

// expands reports whether an extended property is asked for.
func (q *query) expands(id string) bool { return slices.Contains(q.expand, id) }

// property is an extended property's value; all kinds of values are strings.
type property struct {
	id, value string
}

// extended puts those properties that a thing has; a thing that has none gets no member.
func (o *object) extended(properties []property) {
	if len(properties) == 0 {
		return
	}
	o.name("singleValueExtendedProperties")
	separator := byte('[')
	for _, p := range properties {
		o.b = append(o.b, separator)
		separator = ','
		o.b = appendString(append(o.b, `{"id":`...), p.id)
		o.b = append(appendString(append(o.b, `,"value":`...), p.value), '}')
	}
	o.b = append(o.b, ']')
}
