package odata

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// maxExpand bounds the extended properties that one request may name.
const maxExpand = 50

// parseExpand reads $expand into the normal ids of extended properties.
func parseExpand(text string) ([]string, error) {
	if text == "" {
		return nil, nil
	}
	name, rest, _ := strings.Cut(text, "(")
	rest, closed := strings.CutSuffix(strings.TrimSpace(rest), ")")
	condition, ok := cutPrefixFold(strings.TrimSpace(rest), "$filter=")
	multiple := strings.EqualFold(name, "multiValueExtendedProperties")
	if !ok || !closed || !multiple && !strings.EqualFold(name, "singleValueExtendedProperties") {
		return nil, badExpand(text)
	}
	ids, err := parseIDs(text, condition)
	if multiple {
		return nil, err // there is none
	}
	return ids, err
}

// parseIDs reads "id eq 'x' or id eq 'y'", the condition in the $expand text.
func parseIDs(text, condition string) ([]string, error) {
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
			return ids, nil
		}
		if !strings.EqualFold(words[i+3], "or") || len(ids) == maxExpand {
			return nil, badExpand(text)
		}
	}
}

func cutPrefixFold(s, prefix string) (string, bool) {
	if len(s) < len(prefix) || !strings.EqualFold(s[:len(prefix)], prefix) {
		return s, false
	}
	return s[len(prefix):], true
}

func badExpand(text string) error { return badExpression("'%s' is not supported.", Clip(text)) }

// badExpression is the error of a $select or $expand.
func badExpression(format string, args ...any) error {
	return Errorf(http.StatusBadRequest, "RequestBroker--ParseUri", "Parsing OData Select and Expand failed: "+format, args...)
}

var propertyTypes = []string{"String", "Integer", "Boolean", "SystemTime", "Binary", "Long", "Short", "Double", "CLSID"}

// normalProperty returns a property's id in the form of Graph's answers: "String 0x37" for "string
// 0x0037". Ids of named properties stay as they are.
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
		return "", Errorf(http.StatusBadRequest, "ErrorInvalidProperty", "The property id '%s' is invalid.", Clip(id))
	}
	return propertyTypes[i] + " 0x" + strconv.FormatUint(number, 16), nil
}
