package exportjson

// NewDecoderSize is NewDecoder with a buffer of another size.
var NewDecoderSize = newDecoder
