package graph

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// Properties help people to recognise an item. Those that Graph does not return, or that were not
// requested, are empty. Texts are cut at a length that no mail client shows.
type Properties struct {
	Subject           string // at most 1 KiB
	Sender            Address
	ReceivedDateTime  time.Time // zero: it was not received
	InternetMessageID string    // at most 1 KiB
	HasAttachments    bool
	SearchKey         []byte // PidTagSearchKey, unchanged when the item is moved or imported; at most 255 bytes
}

// An Address is a name and an SMTP address or, within an organisation, an address of another kind.
// Both are at most 512 bytes.
type Address struct{ Name, Address string }

const (
	maxSubject   = 1 << 10
	maxAddress   = 512
	maxMessageID = 1 << 10
	maxSearchKey = 255
)

// The extended properties of an item, as normalProperty returns them.
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

var itemProperties = []string{
	propertySubject, propertySenderName, propertySenderSMTP, propertySenderAddress, propertyReceived, propertyMessageID,
	propertyHasAttachments, propertySearchKey,
}

// expandItem requests the extended properties of an item.
const expandItem = "singleValueExtendedProperties($filter=" +
	"id eq 'String 0x0037' or id eq 'String 0x0C1A' or id eq 'String 0x5D01' or id eq 'String 0x0C1F' or " +
	"id eq 'SystemTime 0x0E06' or id eq 'String 0x1035' or id eq 'Boolean 0x0E1B' or id eq 'Binary 0x300B')"

// maxProperties bounds the extended properties of an item or a folder that are kept.
const maxProperties = 64

type extendedProperties []extendedProperty

// UnmarshalJSONFrom implements json.UnmarshalerFrom.
func (ps *extendedProperties) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	all, err := decodeArray[extendedProperty](dec, maxProperties)
	*ps = all[:min(len(all), maxProperties)]
	return err
}

// An extendedProperty has its id as normalProperty returns it, and its value of any type as text.
type extendedProperty struct {
	id   string
	text string
}

// UnmarshalJSONFrom implements json.UnmarshalerFrom. An item has eight of these, so they are read
// without a copy.
func (p *extendedProperty) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	if dec.PeekKind() != '{' {
		return dec.SkipValue()
	}
	if _, err := dec.ReadToken(); err != nil {
		return err
	}
	for dec.PeekKind() == '"' {
		name, err := dec.ReadValue()
		if err != nil {
			return err
		}
		isID, isValue := bytes.EqualFold(name, []byte(`"id"`)), bytes.EqualFold(name, []byte(`"value"`))
		value, err := dec.ReadValue()
		switch {
		case err != nil:
			return err
		case isID:
			p.id = normalProperty(value)
		case isValue:
			p.text = plainText(value)
		}
	}
	_, err := dec.ReadToken()
	return err
}

// plainText returns the content of a JSON string, or another JSON value as it is.
func plainText(v jsontext.Value) string {
	switch v.Kind() {
	case 'n':
		return ""
	case '"':
		if inner := v[1 : len(v)-1]; bytes.IndexByte(inner, '\\') < 0 && utf8.Valid(inner) {
			return string(inner)
		}
		text, _ := jsontext.AppendUnquote(nil, v) // replaces invalid UTF-8
		return string(text)
	}
	return string(v)
}

// normalProperty normalises a property's id. Graph returns "Integer 0x3601" in other case, and
// without leading zeros.
func normalProperty(v jsontext.Value) string {
	for _, id := range itemProperties {
		if len(v) == len(id)+2 && bytes.EqualFold(v[1:len(v)-1], []byte(id)) {
			return id
		}
	}
	kind, tag, _ := strings.Cut(strings.ToLower(strings.TrimSpace(plainText(v))), " 0x")
	return kind + " 0x" + strings.TrimLeft(strings.TrimSpace(tag), "0")
}

// text returns the value of an extended property. It is empty if there is none.
func (ps extendedProperties) text(id string) string {
	for _, p := range ps {
		if p.id == id {
			return p.text
		}
	}
	return ""
}

func (ps extendedProperties) flag(id string) bool {
	return strings.EqualFold(strings.TrimSpace(ps.text(id)), "true")
}

func (ps extendedProperties) clipped(id string, n int) string { return clip(ps.text(id), n) }

func (ps extendedProperties) properties() Properties {
	p := Properties{
		Subject: ps.clipped(propertySubject, maxSubject),
		Sender: Address{
			Name:    ps.clipped(propertySenderName, maxAddress),
			Address: cmp.Or(ps.clipped(propertySenderSMTP, maxAddress), ps.clipped(propertySenderAddress, maxAddress)),
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
