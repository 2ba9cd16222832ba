package pipeline

import (
	"context"
	"fmt"
	"strings"

	"github.com/mailhaul/mailhaul/graph"
)

// codeStale is the code of an item whose data has another change key than the listing's.
const codeStale = "StaleData"

// differs reports whether data with a change key is not what was listed. Where Graph leaves
// out one of the keys nothing can be compared.
func (it *item) differs(changeKey string) bool {
	return changeKey != "" && it.ChangeKey != "" && plainKey(changeKey) != plainKey(it.ChangeKey)
}

// plainKey spells a change key in one way: base64 has two alphabets.
func plainKey(key string) string {
	return strings.TrimRight(strings.NewReplacer("-", "+", "_", "/").Replace(key), "=")
}

// judge decides on an item that came with another change key than the listing's. If it
// changed since it was listed, Graph says so of the item too, and the row gets the key
// and what else changed. Otherwise the data may be a replica's that is behind: the
// item is requested again, and fails if that does not help.
func (x *exporter) judge(ctx context.Context, v verdict) error {
	it := v.item
	now, err := x.run.job.Source.Item(ctx, it.folder.ID, it.ID)
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case err == nil && plainKey(now.ChangeKey) == plainKey(v.changeKey) && !now.LastModifiedDateTime.Before(it.LastModifiedDateTime):
		v.end, v.item = endExported, it.changed(now)
		return x.end(v)
	}
	v.end, v.failure = endStale, graph.ItemError{
		Code: codeStale, Message: fmt.Sprintf("the data has change key %s, the listing has %s", v.changeKey, it.ChangeKey),
		Attempts: 1,
	}
	return x.fail(v, true)
}

// changed returns the item as it is now. Its properties stay as they were listed.
func (it item) changed(now graph.Item) item {
	now.Properties = it.Properties
	it.Item = now
	return it
}
