package graph

import "strings"

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
