package cli

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/mailhaul/mailhaul/internal/cli/internal/coverage"
	"github.com/mailhaul/mailhaul/internal/cli/internal/text"
	"github.com/mailhaul/mailhaul/manifest"
	"github.com/mailhaul/mailhaul/repository"
	"github.com/mailhaul/mailhaul/snapshots"
)

// revokeAck revokes the acknowledgement that the flags name.
func (a *app) revokeAck(ctx context.Context, repo *repository.Repository, f acknowledgeFlags, signed manifest.Ack) error {
	acks, err := snapshots.LoadAcks(ctx, repo, f.mailbox)
	if err != nil {
		return err
	}
	id := strings.ToLower(strings.TrimPrefix(f.revoke, "sha256:"))
	var found []snapshots.Ack
	for _, ack := range acks.All() {
		if strings.HasPrefix(ack.ID.Hex(), id) {
			found = append(found, ack)
		}
	}
	switch {
	case len(found) == 0:
		return fmt.Errorf("%s: %w", f.revoke, errNoAck)
	case len(found) > 1:
		return usagef("--revoke %s: %d acknowledgements have an id that starts with this; give more digits", f.revoke, len(found))
	case found[0].Revoked != nil:
		return usagef("--revoke %s: %s revoked it already, on %s", f.revoke, text.Printable(found[0].Revoked.By), found[0].Revoked.Created.Format(time.DateOnly))
	}
	signed.Revokes = found[0].ID
	if _, err := snapshots.PutAck(ctx, repo, signed); err != nil {
		return err
	}
	found[0].Revoked = &signed
	return a.printAck(&found[0], "revoked", f.json)
}

// listAcks prints the acknowledgements of the mailbox that the flags name, or of all mailboxes.
func (a *app) listAcks(ctx context.Context, f acknowledgeFlags) error {
	repo, err := a.openRepository(ctx, f.repo)
	if err != nil {
		return err
	}
	defer repo.Close()
	mailboxes, err := mailboxesOf(ctx, repo, f.mailbox)
	if err != nil {
		return err
	}
	for _, mailbox := range mailboxes {
		if err := a.listMailboxAcks(ctx, repo, mailbox, f.json); err != nil {
			return err
		}
	}
	return nil
}

func (a *app) listMailboxAcks(ctx context.Context, repo *repository.Repository, mailbox string, asJSON bool) error {
	acks, err := snapshots.LoadAcks(ctx, repo, mailbox)
	if err != nil {
		return err
	}
	if len(acks.All()) > 0 && !asJSON {
		fmt.Fprintln(a.out, text.Printable(mailbox))
	}
	for _, ack := range acks.All() {
		if err := a.printAck(&ack, coverage.AckState(&ack, time.Now()), asJSON); err != nil {
			return err
		}
	}
	a.warnDamaged(mailbox, acks)
	return nil
}

// warnDamaged logs the damaged acknowledgements of a mailbox.
func (a *app) warnDamaged(mailbox string, acks *snapshots.Acks) {
	for _, d := range acks.Damaged() {
		a.log.Warn("an acknowledgement is damaged, and has no effect", "mailbox", mailbox, "object", d.Key, "error", d.Err)
	}
}

// shortID is the number of digits that people see of an acknowledgement's id.
const shortID = 12

func (a *app) printAck(ack *snapshots.Ack, state string, asJSON bool) error {
	if asJSON {
		return a.printJSON(struct {
			State string `json:"state"`
			*snapshots.Ack
		}{state, ack})
	}
	a.line(state, ack.ID.Hex()[:shortID]+"  "+coverage.DescribeAck(ack))
	a.line("", fmt.Sprintf("until %s, by %s: %s", ack.Until.Format(time.DateOnly), text.Printable(ack.By), text.Printable(ack.Reason)))
	if r := ack.Revoked; r != nil {
		a.line("", fmt.Sprintf("revoked on %s by %s: %s", r.Created.Format(time.DateOnly), text.Printable(r.By), text.Printable(r.Reason)))
	}
	return nil
}
