package restore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/mailhaul/mailhaul/compress"
	"github.com/mailhaul/mailhaul/manifest"
	"github.com/mailhaul/mailhaul/repository"
	"github.com/mailhaul/mailhaul/snapshots"
)

// VerifyOptions limit a verification. The zero value checks everything.
type VerifyOptions struct {
	// Mailboxes limits it to what these mailboxes' snapshots need.
	Mailboxes []string

	// SkipData leaves the packs' bytes unread: that they are there is checked.
	SkipData bool

	// Progress, if set, counts while the verification goes on.
	Progress *VerifyProgress
}

// VerifyProgress counts what a verification has done so far.
type VerifyProgress struct {
	Packs     atomic.Int64 // to read
	PacksRead atomic.Int64
	BytesRead atomic.Int64 // stored bytes of packs
}

// A Verification is what a verification found. The repository is whole if
// Found is 0.
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
	Foreign      int64 `json:"foreign"`      // objects that are not of a repository

	Found    int64     `json:"found"`    // problems
	Problems []Problem `json:"problems"` // the first 1,000 of them
}

// A Problem is something that is wrong with an object.
type Problem struct {
	Object string `json:"object"` // its key
	Error  string `json:"error"`
}

const maxProblems = 1000

// packReaders is the number of packs that are read and decoded at once; each
// may take compress.MaxPackSize.
const packReaders = 2

// Verify walks from every ref over its manifest and segments to the packs and
// checks every digest, length and chunk; then it checks the acknowledgements, and the objects
// that no snapshot needs. What is wrong is in the result; an error means that the
// verification could not be carried through.
func Verify(ctx context.Context, repo *repository.Repository, opts VerifyOptions) (*Verification, error) {
	if opts.Progress == nil {
		opts.Progress = &VerifyProgress{}
	}
	v := &verifier{
		repo: repo, opts: opts, result: &Verification{Problems: []Problem{}},
		packs: map[manifest.Digest]*packState{}, meta: map[manifest.Digest]*metaState{},
		segments: map[manifest.Digest]bool{}, irregular: map[string]bool{}, items: newItemReader(repo),
	}
	if err := v.listMailboxes(ctx); err != nil {
		return nil, err
	}
	if err := v.listObjects(ctx); err != nil {
		return nil, err
	}
	if err := v.choosePacks(ctx); err != nil {
		return nil, err
	}
	if err := v.readPacks(ctx); err != nil {
		return nil, err
	}
	if err := v.walk(ctx); err != nil {
		return nil, err
	}
	if err := v.readAcks(ctx); err != nil {
		return nil, err
	}
	if len(opts.Mailboxes) == 0 {
		if err := v.readUnreferenced(ctx); err != nil {
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
	meta      map[manifest.Digest]*metaState // what lies below manifests/
	segments  map[manifest.Digest]bool       // whose rows were checked
	irregular map[string]bool                // keys of what is no object, and was reported
	acks      []repository.Object
	items     *itemReader
}

// Mailbox runs are the snapshots of a mailbox that there were when the verification began.
type mailboxRuns struct {
	id      string
	last    uint64
	missing *repository.CorruptError // the first ref that is not there, though later ones are
}

// A packState is what is known of a pack that the listing showed.
type packState struct {
	wanted bool // for its bytes to be read
	used   bool // by a row
	whole  bool // read, and as it should be
	absent bool // it was listed, and could not be found: whether that matters shows when a row needs it
	chunks []compress.Chunk
}

type metaState struct {
	segment bool
	size    int64
	used    bool
}

// problem notes what is wrong with an object. The error of a corrupt object
// names it already.
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

// foundIrregular reports what is no object. It is in the way of what else is read there.
func (v *verifier) foundIrregular(key string, err error) {
	v.problem(key, err)
	v.irregular[key] = true
}

// isDamage tells what is wrong with an object from what is wrong with the store
// or the caller: only the former is a finding, the latter ends the verification.
func isDamage(ctx context.Context, err error) bool {
	var object *repository.CorruptError
	var pack *compress.CorruptError
	return ctx.Err() == nil && (errors.As(err, &object) || errors.As(err, &pack) || repository.IsNotFound(err))
}

// listMailboxes takes note of the snapshots to verify, before the objects are listed: what
// they need was there by then. Snapshots that come later are not looked at.
func (v *verifier) listMailboxes(ctx context.Context) error {
	ids, asked := v.opts.Mailboxes, len(v.opts.Mailboxes) > 0
	if !asked {
		var err error
		var irregular *repository.CorruptError
		if ids, err = v.repo.Mailboxes(ctx); errors.As(err, &irregular) {
			v.foundIrregular(irregular.Key, irregular)
		} else if err != nil {
			return err
		}
	}
	for _, id := range ids {
		refs, err := v.repo.Refs(ctx, id)
		m := mailboxRuns{id: id, last: uint64(len(refs))}
		switch {
		case errors.As(err, &m.missing):
		case err != nil:
			return err
		case m.last == 0 && asked:
			return fmt.Errorf("mailbox %s: %w", id, snapshots.ErrNone)
		}
		v.mailboxes = append(v.mailboxes, m)
	}
	return nil
}

// listObjects takes note of every object of the repository.
func (v *verifier) listObjects(ctx context.Context) error {
	for o, err := range v.repo.Objects(ctx) {
		if err != nil {
			return err
		}
		switch o.Kind {
		case repository.KindPack:
			v.packs[o.Digest] = &packState{wanted: len(v.opts.Mailboxes) == 0}
		case repository.KindSegment, repository.KindManifest:
			v.meta[o.Digest] = &metaState{segment: o.Kind == repository.KindSegment, size: o.Size}
		case repository.KindAck:
			if len(v.opts.Mailboxes) == 0 || slices.Contains(v.opts.Mailboxes, o.Mailbox) {
				v.acks = append(v.acks, o)
			}
		case repository.KindForeign:
			v.result.Foreign++
		case repository.KindIrregular:
			v.foundIrregular(o.Key, o.Err)
		}
	}
	return nil
}

// readPacks reads and checks the wanted packs, a few at a time.
func (v *verifier) readPacks(ctx context.Context) error {
	if v.opts.SkipData {
		return nil
	}
	for _, p := range v.packs {
		if p.wanted {
			v.opts.Progress.Packs.Add(1)
		}
	}
	g, reading := errgroup.WithContext(ctx)
	g.SetLimit(packReaders)
	for digest, p := range v.packs {
		if !p.wanted || reading.Err() != nil {
			continue
		}
		g.Go(func() error { return v.readPack(reading, digest, p) })
	}
	if err := g.Wait(); err != nil {
		return err
	}
	return context.Cause(ctx) // packs were passed over if the caller cancelled
}

func (v *verifier) readPack(ctx context.Context, digest manifest.Digest, p *packState) error {
	data, err := v.repo.ReadPack(ctx, digest)
	if err == nil {
		p.chunks, err = verifyPack(data)
	}
	v.opts.Progress.PacksRead.Add(1)
	v.opts.Progress.BytesRead.Add(int64(len(data)))
	switch {
	case err == nil:
	case ctx.Err() == nil && repository.IsNotFound(err):
		p.absent = true
		return nil
	case isDamage(ctx, err):
		v.problem(repository.PackKey(digest), err)
		return nil
	default:
		return err
	}
	p.whole = true
	v.mu.Lock()
	defer v.mu.Unlock()
	v.result.Packs++
	v.result.Chunks += int64(len(p.chunks))
	for i := range p.chunks {
		v.result.Bytes += p.chunks[i].Length
	}
	return nil
}
