package fasttransfer

import "fmt"

// The markers between the parts of a message ([MS-OXCFXICS] 2.2.4.1.4). A marker has no value.
const (
	markStartEmbed = 0x40010003
	markEndEmbed   = 0x40020003
	markStartRecip = 0x40030003
	markEndRecip   = 0x40040003
	markNewAttach  = 0x40000003
	markEndAttach  = 0x400E0003
)

// delProp is the meta-property FXDelProp. Its value is the tag of the parts that the receiver
// deletes.
const (
	delProp        = 0x40160003
	tagRecipients  = 0x0E12000D
	tagAttachments = 0x0E13000D
)

// idAttachNumber is PidTagAttachNumber, the first property of every attachment.
const idAttachNumber = 0x0E21

// part is a part of a message that the writer is in.
type part uint8

const (
	inMessage part = iota
	inRecipient
	inAttachment
)

func (p part) String() string {
	return [...]string{"embedded message", "recipient", "attachment"}[p]
}

// stage is how far the writer has come in a part; it only grows.
type stage uint8

const (
	atProperties stage = iota
	atRecipients
	atAttachments // in an attachment: after its embedded message
)

// scope is one level of nesting.
type scope struct {
	kind part
	at   stage
}

// property refuses a property that comes too late.
func (s *scope) property() error {
	if s.at != atProperties {
		return fmt.Errorf("property after the parts of its %s", s.kind)
	}
	return nil
}

func (w *Writer) top() *scope {
	return &w.scopes[len(w.scopes)-1]
}

// ClearRecipients makes the receiver delete the recipients that it has. It comes before the first
// recipient.
func (w *Writer) ClearRecipients() {
	if w.enter(inMessage, atProperties, atRecipients) {
		w.pair(delProp, tagRecipients)
	}
}

// ClearAttachments makes the receiver delete the attachments that it has. It comes before the first
// attachment.
func (w *Writer) ClearAttachments() {
	if w.enter(inMessage, atRecipients, atAttachments) {
		w.pair(delProp, tagAttachments)
	}
}

// StartRecipient begins a recipient; properties follow, then [Writer.EndRecipient].
func (w *Writer) StartRecipient() {
	if w.enter(inMessage, atRecipients, atRecipients) {
		w.fixed32(markStartRecip)
		w.scopes = append(w.scopes, scope{kind: inRecipient})
	}
}

// EndRecipient ends a recipient.
func (w *Writer) EndRecipient() {
	w.leave(inRecipient, markEndRecip)
}

// StartAttachment begins an attachment and writes its number; properties follow, then an embedded
// message, if there is one, then [Writer.EndAttachment].
func (w *Writer) StartAttachment(number int32) {
	if w.enter(inMessage, atAttachments, atAttachments) {
		w.fixed32(markNewAttach)
		w.scopes = append(w.scopes, scope{kind: inAttachment})
		w.Int32(ID(idAttachNumber), number)
	}
}

// EndAttachment ends an attachment.
func (w *Writer) EndAttachment() {
	w.leave(inAttachment, markEndAttach)
}

// StartEmbedded begins the message in an attachment; the parts of the message follow, then
// [Writer.EndEmbedded].
func (w *Writer) StartEmbedded() {
	if w.enter(inAttachment, atProperties, atAttachments) {
		w.fixed32(markStartEmbed)
		w.scopes = append(w.scopes, scope{kind: inMessage})
	}
}

// EndEmbedded ends the message in an attachment.
func (w *Writer) EndEmbedded() {
	if len(w.scopes) == 1 {
		w.fail(fmt.Errorf("no embedded message to end"))
		return
	}
	w.leave(inMessage, markEndEmbed)
}

// enter checks that the writer is in a part, and no further than the stage last. It moves the
// writer on to the stage next.
func (w *Writer) enter(kind part, last, next stage) bool {
	s := w.top()
	if s.kind != kind || s.at > last {
		w.fail(fmt.Errorf("part out of order in %s", s.kind))
	}
	s.at = next
	return w.err == nil
}

// leave writes the marker that ends a part.
func (w *Writer) leave(kind part, mark uint32) {
	if w.top().kind != kind {
		w.fail(fmt.Errorf("end of %s inside %s", kind, w.top().kind))
		return
	}
	w.fixed32(mark)
	w.scopes = w.scopes[:len(w.scopes)-1]
}
