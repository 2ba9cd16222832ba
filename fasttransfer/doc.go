// Package fasttransfer writes FastTransfer streams, the form in which Exchange Online hands an item out.
//
// A stream is a sequence of records, each an opcode and a length (both 32-bit little-endian) and that many
// payload bytes, with no padding and no trailer:
//
//	Config              8 bytes   flags 0, transfer method 1 (CopyTo)
//	IsInterfaceOk      24 bytes   method 1, IID_IMessage, flags 0x80002400
//	TellPartnerVersion  6 bytes   the server's version in three 16-bit words
//	TransferBuffer      n bytes   the next part of the message, repeated; n is at most [RecordSize]
//
// The payloads of the TransferBuffer records, joined, are a messageContent of [MS-OXCFXICS] section 2.2.4:
// properties, then recipients, then attachments, of which one may hold a message in turn. A property is its type and
// its id (16 bits each), the name if the id is 0x8000 or above, and the value. Strings are UTF-16LE with the code-page
// type 0x84B0, or 0x94B0 where there are several. A record may end between two atoms (a marker, a property's
// definition, a fixed-size value, a length) or anywhere inside a variable-size value, even within a UTF-16 unit.
//
// The package knows the encoding only: which properties an item has is the caller's affair. It imports nothing of
// the project.
//
// [MS-OXCFXICS]: https://learn.microsoft.com/openspecs/exchange_server_protocols/ms-oxcfxics
package fasttransfer
