package exportjson

// NewReaderSize is NewReader with a buffer of another size.
var NewReaderSize = newReader

// DecodeBase64 decodes src in one run.
func DecodeBase64(src []byte) (decoded []byte, bad int) {
	var d base64Decoder
	dst := make([]byte, maxDecoded(len(src)))
	n, bad := d.decode(dst, src)
	if bad < 0 && !d.complete() {
		bad = len(src)
	}
	return dst[:n], bad
}
