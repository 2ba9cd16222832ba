package graph

import (
	"context"
	"fmt"
)

// maxBatch is how many ids exportItems takes.
const maxBatch = 20

// An ItemError is why an item could not be exported. Code is Graph's, such as
// ErrorCorruptData; where Graph gives none it is the Client's: NotReturned,
// NoData, TruncatedData, MalformedResponse, BrokenResponse, NoResponse, or
// Status500 and the like.
type ItemError struct {
	Code, Message string
	Attempts      int  // requests for the item; at least 1
	Temporary     bool // a later request may bring the item
	Alone         bool // that request had better ask for no other item
}

// An ExportHandler takes what Export brings. Its calls do not overlap, and an error
// of it ends the export, which returns it.
type ExportHandler interface {
	// Room returns n bytes of the handler's own memory where the next Data may come to lie,
	// so that it need not be copied, or nil. It may be asked for in vain.
	Room(n int) []byte

	// Data takes the next bytes of the item that is arriving, valid during the call if
	// they do not lie where Room told last. Which item that is shows with the next Exported.
	Data(p []byte) error

	// Discard tells that what Data was given since the last verdict or Discard is void.
	Discard()

	// Exported ends the item that was arriving: the stream of the item with the id is
	// what Data was given since the last verdict or Discard, at least one byte.
	Exported(id, changeKey string) error

	// Failed says that an item could not be exported: for now, if that is temporary.
	Failed(id string, e ItemError) error

	// Gone tells that the mailbox no longer has an item.
	Gone(id string) error
}

// Export exports up to 20 items: each id meets one of Exported, Failed and Gone,
// in any order. Streams are handed on while they arrive, in memory that does not
// depend on their length. What arrived before a response broke is not requested
// again; the others are, in ever smaller groups. What fails of one item does not hold
// up the others for long: it fails after few attempts, and the caller asks again later.
//
// An error of Graph that concerns the whole mailbox, or that no request is answered
// any more, ends it with an *Error and without verdicts on the rest. Graph is asked about
// the mailbox before that.
//
// https://learn.microsoft.com/graph/api/mailbox-exportitems
func (m *MailboxClient) Export(ctx context.Context, ids []string, h ExportHandler) error {
	if len(ids) > maxBatch {
		return fmt.Errorf("export of %d items: exportItems takes %d", len(ids), maxBatch)
	}
	x := newExport(m, ids, h)
	for len(x.left) > 0 {
		if x.rounds > 0 && !x.moved() && !x.hurry {
			if err := sleep(ctx, x.pause(), reasonOf(x.limited())); err != nil {
				return err
			}
			m.retries.Add(1)
		}
		if err := x.round(ctx); err != nil {
			return err
		}
	}
	return nil
}

// Pause waits as long as a request does that met this many temporary errors.
func (m *MailboxClient) Pause(ctx context.Context, attempts int) error {
	return sleep(ctx, m.client.backoff(attempts), WaitLimit)
}
