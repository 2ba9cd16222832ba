package restore

import (
	"context"
	"io"

	"github.com/mailhaul/mailhaul/manifest"
	"github.com/mailhaul/mailhaul/sinks"
)

// WriteItem writes a row's stream.
func WriteItem(ctx context.Context, repo *sinks.Repository, w io.Writer, row *manifest.Row) error {
	return newItemReader(repo).writeTo(ctx, w, row)
}
