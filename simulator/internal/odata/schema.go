// Package odata reads the paths and query options of OData requests, as far as Microsoft Graph's
// mailboxes take them, and writes JSON objects and errors in Graph's form.
package odata

// Schema states which query options a resource takes. Names of options and properties are in lower
// case.
type Schema struct {
	Type    string          // the type of the answer, without its namespace
	Options []string        // the options with a $; others are not checked
	Select  []string        // the properties that $select may name
	OrderBy []string        // the properties that $orderby may name
	Filter  map[string]Kind // the properties that $filter may compare
	// ClassFilter lets $filter compare the message class in the form of an extended property.
	ClassFilter bool
	PageSize    int // of lists, if the request names none
}

// Kind is what a property is compared with in a filter.
type Kind int

// The kinds.
const (
	Text Kind = iota + 1
	Number
	Time
)
