package simulator

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// The properties that $select may name.
const (
	folderFields = "id displayName parentFolderId parentMailboxUrl childFolderCount totalItemCount wellKnownName type"
	itemFields   = "id createdDateTime lastModifiedDateTime changeKey categories type size"
	userFields   = "id displayName userPrincipalName mail"
)

// fieldsOf names the type that an operation answers with, and its properties.
func fieldsOf(op Operation) (resource, fields string) {
	switch op {
	case OpFolders, OpFolder, OpFolderDelta:
		return "mailboxFolder", folderFields
	case OpItems, OpItem, OpItemDelta:
		return "mailboxItem", itemFields
	case OpSettings:
		return "exchangeSettings", "primaryMailboxId inPlaceArchiveMailboxId"
	}
	return "user", userFields
}

// parseSelect reads $select into names in lower case; nil means all.
func parseSelect(op Operation, values url.Values) ([]string, error) {
	if values.Get("$select") == "" {
		return nil, nil
	}
	resource, known := fieldsOf(op)
	known = strings.ToLower(known)
	var fields []string
	for name := range strings.SplitSeq(values.Get("$select"), ",") {
		field := strings.ToLower(strings.TrimSpace(name))
		if !slices.Contains(strings.Fields(known), field) {
			return nil, refusal(http.StatusBadRequest, "RequestBroker--ParseUri",
				"Parsing OData Select and Expand failed: Could not find a property named '%s' on type 'microsoft.graph.%s'.", clip(strings.TrimSpace(name)), resource)
		}
		if !slices.Contains(fields, field) {
			fields = append(fields, field)
		}
	}
	return fields, nil
}

// wants reports whether a property is asked for; its name is in lower case.
func (q *query) wants(field string) bool {
	return q.fields == nil || slices.Contains(q.fields, field)
}
