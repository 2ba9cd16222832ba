// Package exportjson reads responses of Graph's exportItems while they arrive, in memory that does
// not grow with the items in them.
//
//	{"@odata.context": "…", "value": [
//	    {"itemId": "…", "changeKey": "…", "data": "<standard base64, padded>"},
//	    {"itemId": "…", "error": {"code": "…", "message": "…"}}]}
//
// A Reader is used like an archive/tar.Reader: Next advances to the next element, and Read reads
// the bytes of its data. Members come in any order, so an element is complete only when Read has
// returned io.EOF.
//
// A Reader accepts what encoding/json accepts for
//
//	struct{ Value []struct {
//	    ItemID, ChangeKey string
//	    Data              []byte
//	    Error             *struct{ Code, Message string }
//	} }
//
// in every order, spelling and escaping, and gives the same values: names match in any case, the
// last of equal members counts, null leaves a string unchanged and removes data or an error,
// members of other names are skipped, and values nest at most 10,000 deep. It differs where a
// stream has to:
//
//   - Elements before a syntax error have been returned already.
//   - An element whose JSON is well-formed and whose content is not (bad base64, a number as an
//     id) is returned as malformed, and the next elements follow.
//   - If value occurs more than once, the elements of every occurrence are returned.
//   - An itemId or a changeKey of more than 64 KiB of JSON, and an error of more than 1 MiB, make
//     their element malformed.
//   - Data that is an array of numbers, which encoding/json accepts as bytes, makes its element
//     malformed.
package exportjson
