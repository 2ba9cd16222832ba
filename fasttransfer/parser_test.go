package fasttransfer_test

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
	"unicode/utf16"
)

// record is one record of a stream.
type record struct {
	opcode  uint32
	payload []byte
}

// records splits a stream into its records.
func records(t *testing.T, stream []byte) []record {
	t.Helper()
	var all []record
	for len(stream) > 0 {
		if len(stream) < 8 {
			t.Fatalf("%d stray bytes after the last record", len(stream))
		}
		r := record{opcode: binary.LittleEndian.Uint32(stream)}
		n := int(binary.LittleEndian.Uint32(stream[4:]))
		if n > len(stream)-8 {
			t.Fatalf("record %d is cut: %d bytes of %d", len(all), len(stream)-8, n)
		}
		r.payload, stream = stream[8:8+n], stream[8+n:]
		all = append(all, r)
	}
	return all
}

// message joins the payloads of the TransferBuffer records. It checks the header records and the
// sizes of the others.
func message(t *testing.T, stream []byte) []byte {
	t.Helper()
	all := records(t, stream)
	if len(all) < 3 || all[0].opcode != 1 || all[1].opcode != 3 || all[2].opcode != 4 {
		t.Fatalf("the header records are not 1, 3, 4: %v", all[:min(3, len(all))])
	}
	var joined []byte
	for i, r := range all[3:] {
		if r.opcode != 2 || len(r.payload) == 0 || len(r.payload) > 31680 {
			t.Fatalf("record %d: opcode %d, %d bytes", i+3, r.opcode, len(r.payload))
		}
		joined = append(joined, r.payload...)
	}
	return joined
}

// markerNames are the markers of an item; a marker has no value.
var markerNames = map[uint32]string{
	0x40010003: "StartEmbed", 0x40020003: "EndEmbed", 0x40030003: "StartRecip", 0x40040003: "EndToRecip",
	0x40000003: "NewAttach", 0x400E0003: "EndAttach",
}

// cursor reads the atoms of a message.
type cursor struct {
	t    *testing.T
	rest []byte
	ends map[int]bool // the offsets at which a record may end
	at   int
}

func (c *cursor) take(n int, divisible bool) []byte {
	c.t.Helper()
	if n > len(c.rest) {
		c.t.Fatalf("at %d: %d bytes wanted, %d left", c.at, n, len(c.rest))
	}
	b := c.rest[:n]
	for i := range n {
		if divisible {
			c.ends[c.at+i+1] = true
		}
	}
	c.rest, c.at = c.rest[n:], c.at+n
	c.ends[c.at] = true
	return b
}

func (c *cursor) u32() uint32 {
	return binary.LittleEndian.Uint32(c.take(4, false))
}

// dump returns a message as one line for each marker and property, indented by depth, and the
// offsets at which records may end.
func dump(t *testing.T, msg []byte) (string, map[int]bool) {
	t.Helper()
	var out strings.Builder
	c := &cursor{t: t, rest: msg, ends: map[int]bool{}}
	depth := 0
	for len(c.rest) > 0 {
		tag := binary.LittleEndian.Uint32(c.rest)
		if name, ok := markerNames[tag]; ok {
			c.take(4, false)
			if strings.HasPrefix(name, "End") {
				depth--
			}
			fmt.Fprintf(&out, "%*s%s\n", 2*depth, "", name)
			if !strings.HasPrefix(name, "End") {
				depth++
			}
			continue
		}
		fmt.Fprintf(&out, "%*s%s\n", 2*depth, "", c.property())
	}
	if depth != 0 {
		t.Fatalf("markers do not balance: depth %d at the end", depth)
	}
	return out.String(), c.ends
}

// property reads a definition and its value.
func (c *cursor) property() string {
	c.t.Helper()
	kind, id, name := c.definition()
	label := fmt.Sprintf("%04X:%04X%s = ", id, kind, name)
	fixed := map[uint16]int{0x0002: 2, 0x0003: 4, 0x0005: 8, 0x000B: 2, 0x0014: 8, 0x0040: 8, 0x0048: 16}
	if n, ok := fixed[kind]; ok {
		return label + hex.EncodeToString(c.take(n, false))
	}
	switch kind {
	case 0x84B0, 0x0102:
		return label + c.variable(kind)
	case 0x94B0, 0x1102:
		parts := make([]string, c.u32())
		for i := range parts {
			parts[i] = c.variable(kind &^ 0x1000)
		}
		return label + "[" + strings.Join(parts, " ") + "]"
	}
	c.t.Fatalf("at %d: property 0x%04X has unknown type 0x%04X", c.at, id, kind)
	return ""
}

// definition reads what precedes a value: its type, its id and perhaps its name.
func (c *cursor) definition() (kind, id uint16, name string) {
	c.t.Helper()
	n := 4
	if binary.LittleEndian.Uint16(c.rest[2:]) >= 0x8000 {
		n += 17
		if c.rest[20] == 0 {
			n += 4
		} else {
			for c.rest[n] != 0 || c.rest[n+1] != 0 {
				n += 2
			}
			n += 2
		}
	}
	b := c.take(n, false)
	kind, id = binary.LittleEndian.Uint16(b), binary.LittleEndian.Uint16(b[2:])
	if n > 4 {
		name = "(" + hex.EncodeToString(b[4:20]) + " "
		if b[20] == 0 {
			name += fmt.Sprintf("%04x)", binary.LittleEndian.Uint32(b[21:]))
		} else {
			name += decodeUTF16(b[21:n-2]) + ")"
		}
	}
	return kind, id, name
}

func (c *cursor) variable(kind uint16) string {
	b := c.take(int(c.u32()), true)
	if kind != 0x84B0 {
		if len(b) > 40 {
			return fmt.Sprintf("%d bytes", len(b))
		}
		return hex.EncodeToString(b)
	}
	if !bytes.HasSuffix(b, []byte{0, 0}) || len(b)%2 != 0 {
		c.t.Fatalf("string of %d bytes without a NUL at its end", len(b))
	}
	return fmt.Sprintf("%q", decodeUTF16(b[:len(b)-2]))
}

func decodeUTF16(b []byte) string {
	units := make([]uint16, len(b)/2)
	for i := range units {
		units[i] = binary.LittleEndian.Uint16(b[2*i:])
	}
	return string(utf16.Decode(units))
}
