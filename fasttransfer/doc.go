// Package fasttransfer writes FastTransfer streams, the form in which Exchange Online exports an
// item.
//
// A stream is a sequence of records. Each is an opcode and a length (both 32-bit little-endian),
// and a payload of that length. There is no padding and no trailer:
//
//	Config              8 bytes   flags 0, transfer method 1 (CopyTo)
//	IsInterfaceOk      24 bytes   method 1, IID_IMessage, flags 0x80002400
//	TellPartnerVersion  6 bytes   the server's version in three 16-bit words
//	TransferBuffer      n bytes   the next part of the message, repeated; n is at most [RecordSize]
//
// The payloads of the TransferBuffer records, joined, are a messageContent of [MS-OXCFXICS] section
// 2.2.4: properties, then recipients, then attachments, each of which may contain a message. A
// property is its type and its id (16 bits each), the name if the id is 0x8000 or above, and the
// value. Strings are UTF-16LE with the code-page type 0x84B0, or 0x94B0 if there are several. A
// record may end between two atoms (a marker, a property's definition, a fixed-size value, a
// length) or anywhere in a variable-size value, even in a UTF-16 unit.
//
// The package knows the encoding alone: callers decide which properties an item has.
//
// [MS-OXCFXICS]: https://learn.microsoft.com/openspecs/exchange_server_protocols/ms-oxcfxics
package fasttransfer
