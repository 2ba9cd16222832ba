package graph

import (
	"strconv"
	"strings"
)

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

const codeItemNotFound = "ErrorItemNotFound"

// Codes of the Client's own in an ItemError.
const (
	codeNotReturned    = "NotReturned"
	codeNoData         = "NoData"
	codeNoCode         = "NoCode"
	codeTruncated      = "TruncatedData"
	codeMalformed      = "MalformedResponse"
	codeBrokenResponse = "BrokenResponse"
	codeNoResponse     = "NoResponse"
)

// codeMoved is the error of an item that another mailbox has. The message has that mailbox's URL.
const codeMoved = "ErrorArchiveFolderMovedPermanently"

// permanentCodes are errors of an item that a repetition does not help.
var permanentCodes = codeSet(`
	ErrorAccessDenied
	ErrorArchiveFolderMovedPermanently
	ErrorAttachmentSizeLimitExceeded
	ErrorContentConversionFailed
	ErrorCorruptData
	ErrorInvalidId
	ErrorInvalidIdEmpty
	ErrorInvalidIdMalformed
	ErrorInvalidIdNotAnItemAttachmentId
	ErrorInvalidIdTooLong
	ErrorInvalidIdXml
	ErrorItemCorrupt
	ErrorMessageSizeExceeded
	ErrorMimeContentInvalid
	ErrorVirusDetected
	ErrorVirusMessageDeleted`)

// busyCodes are temporary errors of Graph, not of the item.
var busyCodes = codeSet(`
	ApplicationThrottled
	ErrorADOperation
	ErrorADUnavailable
	ErrorConnectionFailed
	ErrorExceededConnectionCount
	ErrorInsufficientResources
	ErrorInternalServerTransientError
	ErrorMailboxFailover
	ErrorMailboxMoveInProgress
	ErrorMailboxStoreUnavailable
	ErrorProxyRequestFailed
	ErrorServerBusy
	ErrorTimeoutExpired
	ErrorTooManyObjectsOpened
	ServiceUnavailable
	TooManyRequests`)

// limitCodes mean that the mailbox gets too many requests.
var limitCodes = codeSet(`
	ApplicationThrottled
	ErrorExceededConnectionCount
	TooManyRequests`)

func codeSet(codes string) map[string]bool {
	set := map[string]bool{}
	for _, c := range strings.Fields(codes) {
		set[strings.ToLower(c)] = true
	}
	return set
}

func isPermanent(code string) bool { return permanentCodes[strings.ToLower(code)] }

func isBusy(code string) bool { return busyCodes[strings.ToLower(code)] }

func isLimit(code string) bool { return limitCodes[strings.ToLower(code)] }
