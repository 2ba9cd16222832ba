package graph

import "strconv"

// An exportItem is an item of an export.
type exportItem struct {
	id       string
	done     bool // it has a result
	most     int  // how many ids a request for it may have
	attempts int
	last     ItemError // of the last attempt
	alone    bool      // the last attempt was a request for no other item
	doubtful bool      // the last attempt may have failed because of another item

	url   string // where to request it
	moved bool   // the last attempt changed url
	hops  []string
}

// startAttempt starts an attempt at a group of items, and returns their ids.
func startAttempt(group []*exportItem) []string {
	ids := make([]string, len(group))
	for i, it := range group {
		ids[i], it.moved, it.alone = it.id, false, len(group) == 1
	}
	return ids
}

// miss counts an attempt that did not return the item.
func (it *exportItem) miss(e ItemError) {
	it.attempts++
	it.last, it.doubtful = e, false
}

// missRequest counts an attempt whose request failed.
func (it *exportItem) missRequest(e *Error) {
	it.miss(ItemError{Code: requestCode(e), Message: e.Error()})
	it.doubtful = true
}

// isExhausted reports whether another request soon is no use. An item that Graph is too busy for does
// not delay the other items of its batch.
func (it *exportItem) isExhausted() bool {
	if isBusy(it.last.Code) && !it.doubtful && !it.alone {
		return true
	}
	return it.attempts >= maxItemAttempts && (it.alone || !it.doubtful)
}

// requestCode returns the code of an item whose request failed.
func requestCode(e *Error) string {
	switch {
	case e.Code != "":
		return e.Code
	case e.StatusCode == 0:
		return codeNoResponse
	case e.Err != nil:
		return codeBrokenResponse
	}
	return "Status" + strconv.Itoa(e.StatusCode)
}

// groups returns the items of each request.
func groups(items []*exportItem) [][]*exportItem {
	var groups [][]*exportItem
	open := map[string]int{} // index of the last group of a URL
	for _, it := range items {
		i, ok := open[it.url]
		if ok && len(groups[i]) < min(it.most, groups[i][0].most) {
			groups[i] = append(groups[i], it)
			continue
		}
		open[it.url] = len(groups)
		groups = append(groups, []*exportItem{it})
	}
	return groups
}

// halve makes the items of a group be requested in two groups from now on, to find the one that is
// the reason for a failure.
func halve(group []*exportItem) {
	for _, it := range group {
		it.most = (len(group) + 1) / 2
	}
}
