package compress

// The forms of a chunk list, for tests that write wrong ones.
var (
	AppendChunkList = appendChunkList
	ParseChunkList  = parseChunkList
)
