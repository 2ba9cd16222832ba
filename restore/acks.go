package restore

import (
	"context"

	"github.com/mailhaul/mailhaul/repository"
	"github.com/mailhaul/mailhaul/snapshots"
)

// readAcks checks the acknowledgements of gaps, which nothing refers to.
func (v *verifier) readAcks(ctx context.Context) error {
	for _, o := range v.acks {
		_, _, err := snapshots.LoadAck(ctx, v.repo, o)
		switch {
		case err == nil:
			v.result.Acks++
		case ctx.Err() == nil && repository.IsNotFound(err): // a write that was listed on its way, and was not completed
		case isDamage(ctx, err):
			v.problem(o.Key, err)
		default:
			return err
		}
	}
	return nil
}
