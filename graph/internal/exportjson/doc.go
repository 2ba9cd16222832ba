// Package exportjson decodes the response of Graph's exportItems while it
// arrives, in memory that does not grow with the items in it.
//
//	{"@odata.context": "…", "value": [
//	    {"itemId": "…", "changeKey": "…", "data": "<standard base64, padded>"},
//	    {"itemId": "…", "error": {"code": "…", "message": "…"}}]}
//
// What it takes and what it makes of it is what encoding/json takes and makes of
//
//	struct{ Value []struct {
//	    ItemID, ChangeKey string
//	    Data              []byte
//	    Error             *struct{ Code, Message string }
//	} }
//
// in every order, spelling and escaping: names match whatever their case, the
// last of equal members counts, null leaves a string alone and takes data or an
// error away, members of other names are skipped, and values nest 10,000 deep at
// most. It differs where a stream has to:
//
//   - what was complete before an error has been handed out;
//   - an element whose JSON is well-formed and whose content is not (bad base64, a
//     number for an id) is handed out with an error, and the next elements follow;
//   - when value is there more than once, the elements of every one of them are
//     handed out, one after the other;
//   - an itemId or changeKey above 64 KiB and an error above 1 MiB of JSON are
//     errors of their element;
//   - data that is an array of numbers, which encoding/json takes for bytes, is an
//     error of its element.
package exportjson
