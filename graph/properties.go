package graph

import (
	"bytes"
	"encoding/base64"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// Properties are what tells people which item it is. What Graph does not tell, or
// was not asked for, is empty. Texts are cut where they are longer than any mail
// client shows.
type Properties struct {
	Subject           string    // at most 1 KiB
	Sender            Address   // whom it is from
	ReceivedDateTime  time.Time // zero: it was not received
	InternetMessageID string    // at most 1 KiB
	HasAttachments    bool
	SearchKey         []byte // PidTagSearchKey: stays when the item is moved or imported; at most 255 bytes
}

// An Address is whom an item is from: a name and an SMTP address or, within an
// organisation, what stands for one. Both are at most 512 bytes.
type Address struct{ Name, Address string }

const (
	maxSubject   = 1 << 10
	maxAddress   = 512
	maxMessageID = 1 << 10
	maxSearchKey = 255
)

// The extended properties of an item, as they come back.
const (
	propertySubject        = "string 0x37"
	propertySenderName     = "string 0xc1a"
	propertySenderSMTP     = "string 0x5d01"
	propertySenderAddress  = "string 0xc1f"
	propertyReceived       = "systemtime 0xe06"
	propertyMessageID      = "string 0x1035"
	propertyHasAttachments = "boolean 0xe1b"
	propertySearchKey      = "binary 0x300b"
)

// expandItem asks for them.
const expandItem = "singleValueExtendedProperties($filter=" +
	"id eq 'String 0x0037' or id eq 'String 0x0C1A' or id eq 'String 0x5D01' or id eq 'String 0x0C1F' or " +
	"id eq 'SystemTime 0x0E06' or id eq 'String 0x1035' or id eq 'Boolean 0x0E1B' or id eq 'Binary 0x300B')"

type extendedProperties []extendedProperty

type extendedProperty struct {
	ID    propertyID
	Value jsontext.Value // a string, whatever its type
}

// A propertyID is the id of an extended property, as normalProperty spells it.
type propertyID string

// UnmarshalText implements encoding.TextUnmarshaler.
func (id *propertyID) UnmarshalText(text []byte) error {
	*id = normalProperty(text)
	return nil
}

// text returns the value of an extended property, or nothing.
func (ps extendedProperties) text(id propertyID) string {
	for _, p := range ps {
		if p.ID != id {
			continue
		}
		if p.Value.Kind() != '"' {
			return string(p.Value) // a number, or true
		}
		text, _ := jsontext.AppendUnquote(nil, p.Value) // it was read as JSON
		return string(text)
	}
	return ""
}

func (ps extendedProperties) flag(id propertyID) bool {
	return strings.EqualFold(strings.TrimSpace(ps.text(id)), "true")
}

func (ps extendedProperties) clipped(id propertyID, n int) string { return clip(ps.text(id), n) }

// normalProperty spells a property's id in one way: Graph gives "Integer 0x3601"
// back with other case and without the zeros that it was asked with.
func normalProperty(id []byte) propertyID {
	kind, tag, _ := bytes.Cut(bytes.ToLower(bytes.TrimSpace(id)), []byte(" 0x"))
	normal := append(kind, " 0x"...)
	return propertyID(append(normal, bytes.TrimLeft(bytes.TrimSpace(tag), "0")...))
}

func (ps extendedProperties) properties() Properties {
	p := Properties{
		Subject: ps.clipped(propertySubject, maxSubject),
		Sender: Address{
			Name:    ps.clipped(propertySenderName, maxAddress),
			Address: firstOf(ps.clipped(propertySenderSMTP, maxAddress), ps.clipped(propertySenderAddress, maxAddress)),
		},
		ReceivedDateTime:  parseTime(ps.text(propertyReceived)),
		InternetMessageID: ps.clipped(propertyMessageID, maxMessageID),
		HasAttachments:    ps.flag(propertyHasAttachments),
	}
	if key, err := base64.StdEncoding.DecodeString(ps.text(propertySearchKey)); err == nil && len(key) > 0 && len(key) <= maxSearchKey {
		p.SearchKey = key
	}
	return p
}
