// Package store is the contract between a repository and the driver of its bucket, beyond what
// Go CDK's driver.Bucket asks of a driver. It links no client of a store.
//
//   - Each error of a driver is an [*Error], whose Kind decides what the caller does. The errors of
//     any other bucket get a kind from their Go CDK code.
//   - Before a write, a driver offers an [*Upload], with which the caller passes the digest of the
//     content.
//   - While it lists, a driver keeps within the [Bound] of the context.
//   - An entry of a list that is no object gives an [*Error] of the kind [Irregular] for its As.
//
// A bucket needs none of this to hold a repository. One whose driver keeps the contract reports
// precise errors, checks content on its way, and ends lists that have no end.
package store

import (
	"context"
	"crypto/sha256"
	"sync/atomic"
)

// An Upload is what a driver offers to the BeforeWrite function of an object.
type Upload struct {
	// SHA256 is the digest of the content, if the caller knows it. The driver then does not
	// compute the digest, and the store refuses content with another digest.
	SHA256 [sha256.Size]byte
}

// A Bound limits what a store may take for one call, such as one page of a list.
type Bound struct {
	Requests int64 // that the call may send
	Bytes    int64 // of the body of each response

	sent atomic.Int64
}

type boundKey struct{}

// WithBound returns a context for one call that is limited by b.
func WithBound(ctx context.Context, b *Bound) context.Context {
	return context.WithValue(ctx, boundKey{}, b)
}

// BoundOf returns the bound of a call, nil if there is none.
func BoundOf(ctx context.Context) *Bound {
	b, _ := ctx.Value(boundKey{}).(*Bound)
	return b
}

// Send counts a request, and reports whether the call may send it.
func (b *Bound) Send() bool { return b.sent.Add(1) <= b.Requests }
