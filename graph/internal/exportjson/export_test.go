package exportjson

// NewDecoderSize is NewDecoder with a buffer of another size.
var NewDecoderSize = newDecoder

// DecodeBase64 decodes all of src at once.
func DecodeBase64(src []byte) (decoded []byte, bad int) {
	s := newBase64Stream(len(src))
	decoded, bad = s.decode(src)
	if bad < 0 && !s.whole() {
		bad = len(src)
	}
	return decoded, bad
}
