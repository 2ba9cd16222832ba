package restore

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/mailhaul/mailhaul/compress"
	"github.com/mailhaul/mailhaul/manifest"
	"github.com/mailhaul/mailhaul/repository"
)

// VerifyOptions limit a verification. The zero value checks everything.
type VerifyOptions struct {
	// Mailboxes limits the verification to what the snapshots of these mailboxes need.
	Mailboxes []string

	// SkipData checks only that the packs exist, and does not read them.
	SkipData bool

	// Progress, if set, counts while the verification runs.
	Progress *VerifyProgress
}

// VerifyProgress counts what a verification has done so far.
type VerifyProgress struct {
	Packs     atomic.Int64 // to read
	PacksRead atomic.Int64
	BytesRead atomic.Int64 // stored bytes of packs
}

// A Verification is the result of Verify. The repository is intact if Found is 0.
type Verification struct {
	Mailboxes    int64 `json:"mailboxes"`
	Snapshots    int64 `json:"snapshots"`
	Segments     int64 `json:"segments"`
	Rows         int64 `json:"rows"`
	Items        int64 `json:"items"` // held by the mailboxes' last snapshots
	Acks         int64 `json:"acknowledgements"`
	Packs        int64 `json:"packs"`
	Chunks       int64 `json:"chunks"`
	Bytes        int64 `json:"bytes"`        // uncompressed bytes of the chunks read
	Unreferenced int64 `json:"unreferenced"` // objects that no snapshot needs, as killed runs leave them
	Foreign      int64 `json:"foreign"`      // objects that do not belong to a repository

	Found    int64     `json:"found"`    // problems
	Problems []Problem `json:"problems"` // the first 1,000 of them
}

// A Problem is what is wrong with an object.
type Problem struct {
	Object string `json:"object"` // its key
	Error  string `json:"error"`
}

const maxProblems = 1000

// Verify follows every ref to its manifest, segments and packs, and checks every digest, length
// and chunk. It then checks the acknowledgements and the objects that no snapshot needs. It covers
// the snapshots that existed when it started. Problems are in the result; an error means that the
// verification could not be completed.
func Verify(ctx context.Context, repo *repository.Repository, opts VerifyOptions) (*Verification, error) {
	if opts.Progress == nil {
		opts.Progress = &VerifyProgress{}
	}
	v := &verifier{
		repo: repo, opts: opts, result: &Verification{Problems: []Problem{}},
		packs: map[manifest.Digest]*packState{}, meta: map[manifest.Digest]*metaState{},
		segments: map[manifest.Digest]bool{}, irregular: map[string]bool{}, items: newItemReader(repo),
	}
	for _, step := range []func(context.Context) error{
		v.listMailboxes, v.listObjects, v.choosePacks, v.readPacks, v.walk, v.checkAcks, v.checkUnreferenced,
	} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	return v.result, nil
}

type verifier struct {
	repo   *repository.Repository
	opts   VerifyOptions
	mu     sync.Mutex // of result, while packs are read
	result *Verification

	mailboxes []mailboxRuns
	packs     map[manifest.Digest]*packState
	meta      map[manifest.Digest]*metaState // manifests and segments
	segments  map[manifest.Digest]bool       // whose rows were checked
	irregular map[string]bool                // keys that are not objects, and were reported
	acks      []repository.Object
	items     *itemReader
}

// mailboxRuns are the snapshots of a mailbox that existed when the verification started.
type mailboxRuns struct {
	id      string
	last    uint64
	missing *repository.CorruptError // the first ref that does not exist, though later ones do
}

// A packState is what is known of a pack that the listing showed.
type packState struct {
	wanted  bool // its bytes are to be read
	used    bool // a row refers to it
	intact  bool // read, and without a problem
	missing bool // listed, but not found: a problem only if a row needs it
	chunks  []compress.Chunk
}

type metaState struct {
	segment bool
	size    int64
	used    bool
}

// isDamage reports whether an error is about what is stored. Any other error is the store's or the
// caller's, and ends the verification.
func isDamage(ctx context.Context, err error) bool {
	return ctx.Err() == nil && !repository.IsTransient(err)
}

// record records damage as a problem of the object that the error names, or of key. It returns
// every other error.
func (v *verifier) record(ctx context.Context, key string, err error) error {
	if err == nil || !isDamage(ctx, err) {
		return err
	}
	v.problem(damagedKey(err, key), err)
	return nil
}

// damagedKey returns the key that a corrupt object's error names, or else key.
func damagedKey(err error, key string) string {
	if object, ok := errors.AsType[*repository.CorruptError](err); ok {
		return object.Key
	}
	return key
}

// problem records what is wrong with an object. The error of a corrupt object names it already.
func (v *verifier) problem(object string, err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.irregular[object] {
		return
	}
	v.result.Found++
	if len(v.result.Problems) < maxProblems {
		v.result.Problems = append(v.result.Problems, Problem{object, strings.TrimPrefix(err.Error(), object+": ")})
	}
}

// irregularObject records a key that is not an object, once: every attempt to read it fails.
func (v *verifier) irregularObject(key string, err error) {
	v.problem(key, err)
	v.irregular[key] = true
}
