package exportjson

// openData reads the start of a data member, and reports whether it replaces an earlier one.
func (r *Reader) openData() (replaced bool, err error) {
	c, err := r.lex.next()
	if err != nil {
		return false, err
	}
	replaced = r.element.HasData
	switch c {
	case '"':
		r.lex.advance(1)
		r.base64.reset()
		r.state, r.element.HasData = inData, true
		return replaced, nil
	case 'n':
		r.element.HasData = false
		return replaced, r.lex.literal("null")
	}
	r.malformed(r.lex.offset(), "data is no string")
	return false, r.lex.skip()
}

// readData decodes data that has arrived into p. At the end of the data it leaves the state inData.
func (r *Reader) readData(p []byte) (int, error) {
	n, done, err := r.decodeRun(p)
	if done {
		r.state = inElement
		if r.element.Malformed == nil && !r.base64.complete() {
			r.malformed(r.lex.offset()-1, "base64 data without its end")
		}
	}
	return n, err
}

// decodeRun decodes the next run of a data string. If the element is malformed, it skips the run.
func (r *Reader) decodeRun(p []byte) (n int, done bool, err error) {
	if r.element.Malformed == nil {
		run, done, err := r.lex.raw(maxEncoded(len(p)))
		if err != nil {
			return 0, false, err
		}
		if n, ok := r.base64.decodePlain(p, run); ok {
			r.lex.advance(len(run))
			if done {
				r.lex.advance(1)
			}
			return n, done, nil
		}
	}
	at := r.lex.offset() // the earliest offset of an error: escapes in the run move later ones
	run, done, err := r.lex.text()
	if err != nil || r.element.Malformed != nil {
		return 0, done, err
	}
	dst, fits := p, len(p) >= maxDecoded(len(run))
	if !fits {
		dst = r.spareBuffer()
	}
	n, bad := r.base64.decode(dst, run)
	switch {
	case bad >= 0:
		r.malformed(at+int64(bad), "illegal base64 data")
		return 0, done, nil
	case !fits:
		r.pending = dst[:n]
		return 0, done, nil
	}
	return n, done, nil
}

func (r *Reader) spareBuffer() []byte {
	if r.spare == nil {
		r.spare = make([]byte, maxDecoded(len(r.lex.buf)))
	}
	return r.spare
}
