package simulator_test

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf16"
)

// message is what tests look for in a stream.
type message struct {
	properties  map[string]string // of the item itself, by the id that listings use
	recipients  int
	attachments int
	embedded    int
	records     int
}

// parser reads a stream: first the records, then their payloads.
type parser struct {
	t    testing.TB
	rest []byte
	msg  message
}

// parseStream reads a stream, and fails the test if it is wrong.
func parseStream(t testing.TB, stream []byte) message {
	t.Helper()
	p := &parser{t: t, msg: message{properties: map[string]string{}}}
	for i := 0; len(stream) > 0; i++ {
		if len(stream) < 8 {
			t.Fatalf("record %d is cut", i)
		}
		opcode, n := binary.LittleEndian.Uint32(stream), int(binary.LittleEndian.Uint32(stream[4:]))
		want := uint32(2)
		if i < 3 {
			want = []uint32{1, 3, 4}[i]
		}
		if opcode != want || n == 0 || n > 31680 || n > len(stream)-8 {
			t.Fatalf("record %d has opcode %d and %d bytes", i, opcode, n)
		}
		if i >= 3 {
			p.rest = append(p.rest, stream[8:8+n]...)
			p.msg.records++
		}
		stream = stream[8+n:]
	}
	p.message()
	return p.msg
}

func (p *parser) take(n int) []byte {
	p.t.Helper()
	if n > len(p.rest) {
		p.t.Fatalf("%d bytes wanted, %d left", n, len(p.rest))
	}
	b := p.rest[:n]
	p.rest = p.rest[n:]
	return b
}

func (p *parser) u16() uint16 { return binary.LittleEndian.Uint16(p.take(2)) }

func (p *parser) u32() uint32 { return binary.LittleEndian.Uint32(p.take(4)) }

// message reads properties and markers to the end.
func (p *parser) message() {
	var open []uint32
	depth := func(of uint32) {
		if len(open) == 0 || open[len(open)-1] != of {
			p.t.Fatalf("an end does not match: %x", open)
		}
		open = open[:len(open)-1]
	}
	for len(p.rest) > 0 {
		switch mark := p.u32(); mark {
		case 0x40010003:
			p.msg.embedded++
			open = append(open, mark)
		case 0x40000003:
			p.msg.attachments++
			open = append(open, mark)
		case 0x40030003:
			p.msg.recipients++
			open = append(open, mark)
		case 0x40020003, 0x40040003:
			depth(mark - 0x10000)
		case 0x400E0003:
			depth(0x40000003)
		default:
			id, value := p.property(mark)
			if len(open) == 0 {
				p.msg.properties[id] = value
			}
		}
	}
	if len(open) > 0 {
		p.t.Fatalf("left open: %x", open)
	}
}

// property reads the name and the value of a property.
func (p *parser) property(tag uint32) (id, value string) {
	kind, number := uint16(tag), tag>>16
	if number >= 0x8000 {
		p.take(16)
		if p.take(1)[0] == 0 {
			p.take(4)
		} else {
			for p.u16() != 0 {
			}
		}
	}
	name := map[uint16]string{0x84B0: "String", 0x0040: "SystemTime", 0x000B: "Boolean", 0x0102: "Binary", 0x0003: "Integer"}[kind]
	return fmt.Sprintf("%s 0x%x", name, number), p.value(kind)
}

func (p *parser) value(kind uint16) string {
	switch kind {
	case 0x0003:
		return fmt.Sprint(int32(p.u32()))
	case 0x0005, 0x0014:
		return fmt.Sprint(binary.LittleEndian.Uint64(p.take(8)))
	case 0x000B:
		return fmt.Sprint(p.u16() == 1)
	case 0x0040:
		ticks := int64(binary.LittleEndian.Uint64(p.take(8)))
		return time.Unix(ticks/10_000_000-11644473600, ticks%10_000_000*100).UTC().Format("2006-01-02T15:04:05Z")
	case 0x0102:
		return base64.StdEncoding.EncodeToString(p.take(int(p.u32())))
	case 0x84B0:
		b := p.take(int(p.u32()))
		units := make([]uint16, len(b)/2)
		for i := range units {
			units[i] = binary.LittleEndian.Uint16(b[2*i:])
		}
		s, ok := strings.CutSuffix(string(utf16.Decode(units)), "\x00")
		if !ok || strings.ContainsRune(s, 0) || len(b)%2 != 0 {
			p.t.Fatalf("string of %d bytes is not well formed", len(b))
		}
		return s
	case 0x94B0, 0x1102:
		var all []string
		for range p.u32() {
			all = append(all, p.value(kind&^0x1000))
		}
		return strings.Join(all, " ")
	}
	p.t.Fatalf("unknown type 0x%04X", kind)
	return ""
}
