package fasttransfer

import (
	"encoding/binary"
	"fmt"
	"strings"
)

// firstNamed is the lowest id of a property with a name ([MS-OXCDATA] 2.9).
const firstNamed = 0x8000

// GUID is a property set or a class identifier in the fields of [MS-DTYP] 2.3.4.
type GUID struct {
	Data1 uint32
	Data2 uint16
	Data3 uint16
	Data4 [8]byte
}

// appendTo appends the 16 bytes of the wire form: the first three fields are little-endian.
func (g GUID) appendTo(b []byte) []byte {
	b = binary.LittleEndian.AppendUint32(b, g.Data1)
	b = binary.LittleEndian.AppendUint16(b, g.Data2)
	b = binary.LittleEndian.AppendUint16(b, g.Data3)
	return append(b, g.Data4[:]...)
}

// Property identifies the property that a value belongs to. The zero value is invalid; use [ID],
// [LID] or [Name].
type Property struct {
	id   uint16
	kind nameKind
	set  GUID
	lid  uint32
	name string
}

// nameKind is the kind of name that a property has.
type nameKind uint8

const (
	unnamed nameKind = iota
	namedByLID
	namedByString
)

// ID returns the property with a fixed id, 0x0001 to 0x7FFF.
func ID(id uint16) Property {
	return Property{id: id}
}

// LID returns the property that a number in a property set names. The id, 0x8000 to 0xFFFE, is the
// one that the mailbox maps the name to.
func LID(id uint16, set GUID, lid uint32) Property {
	return Property{id: id, kind: namedByLID, set: set, lid: lid}
}

// Name returns the property that a string in a property set names, such as Keywords in
// PS_PUBLIC_STRINGS. The id is as for [LID]. The name has at most 254 bytes and no NUL.
func Name(id uint16, set GUID, name string) Property {
	return Property{id: id, kind: namedByString, set: set, name: name}
}

// check refuses a property that a reader would take for a marker or for another property.
func (p Property) check() error {
	switch {
	case p.id == 0 || p.id == 0xFFFF:
		return fmt.Errorf("property id 0x%04X is reserved", p.id)
	case p.kind == unnamed && p.id >= firstNamed:
		return fmt.Errorf("property id 0x%04X needs a name", p.id)
	case p.kind != unnamed && p.id < firstNamed:
		return fmt.Errorf("property id 0x%04X cannot carry a name", p.id)
	case p.kind == namedByString && (p.name == "" || len(p.name) > 254 || strings.ContainsRune(p.name, 0)):
		return fmt.Errorf("property id 0x%04X has a bad name", p.id)
	}
	return nil
}

// appendTo appends the definition of the property, which is one atom.
func (p Property) appendTo(b []byte, kind uint16) []byte {
	b = binary.LittleEndian.AppendUint16(b, kind)
	b = binary.LittleEndian.AppendUint16(b, p.id)
	switch p.kind {
	case namedByLID:
		b = append(p.set.appendTo(b), 0)
		b = binary.LittleEndian.AppendUint32(b, p.lid)
	case namedByString:
		b = append(p.set.appendTo(b), 1)
		for _, r := range p.name {
			b = appendRune(b, r)
		}
		b = append(b, 0, 0)
	}
	return b
}
