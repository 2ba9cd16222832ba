package restore

import (
	"context"
	"io"

	"github.com/mailhaul/mailhaul/manifest"
	"github.com/mailhaul/mailhaul/repository"
)

// WriteItem writes a row's stream.
func WriteItem(ctx context.Context, repo *repository.Repository, w io.Writer, row *manifest.Row) error {
	return newItemReader(repo).writeTo(ctx, w, row)
}
