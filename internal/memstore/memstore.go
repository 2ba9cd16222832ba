// Package memstore is a store in memory for tests. It counts the calls that a store in a
// cloud charges for, lists a thousand objects at a time as these do, and can be told to
// fail from some write on.
package memstore

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"gocloud.dev/blob"
	"gocloud.dev/gcerrors"
)

// A Store holds objects. It is safe for concurrent use.
type Store struct {
	mu       sync.Mutex
	objects  map[string][]byte
	left     int  // writes until all fail; negative: none does
	stumbles int  // calls that fail for a reason that passes
	lost     int  // writes whose answer is lost
	flip     int  // reads until a bit is flipped in one; negative: in none
	late     int  // calls that do not see an object yet that is there
	rude     bool // conditions are ignored
	refusal  error
	before   func(ctx context.Context, op, key string) error
	delay    time.Duration
	calls    Calls
}

// Calls counts requests to a store.
type Calls struct {
	Put  int // of whole objects, those that find the object there included
	Get  int // of objects or parts of them
	Head int
	List int // pages
}

// What calls fail with: for good, and for a while.
var (
	ErrDenied = errors.New("access is denied")
	ErrBusy   = errors.New("the store is busy")
)

var (
	errAbsent = errors.New("no such object")
	errExists = errors.New("the object exists")
	errCut    = errors.New("the connection was cut")
)

// New returns an empty store.
func New() *Store {
	return &Store{objects: map[string][]byte{}, left: -1, flip: -1, refusal: errExists}
}

// Open returns a bucket of the whole store. Closing it changes nothing.
func (s *Store) Open() *blob.Bucket { return blob.NewBucket(bucket{s}) }

// FailAfter lets so many writes through and then fails all, as it looks to a process
// that is killed there: what was written before stays, what comes after does not
// happen. With a negative number none fails.
func (s *Store) FailAfter(writes int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.left = writes
}

// FailOne lets one write below a prefix fail for good: the one after so many. It replaces what
// Intercept was told, and returns the number of such writes so far.
func (s *Store) FailOne(prefix string, after int) (seen func() int) {
	var n atomic.Int64
	s.Intercept(func(_ context.Context, op, key string) error {
		if op == "put" && strings.HasPrefix(key, prefix) && n.Add(1) == int64(after)+1 {
			return ErrDenied
		}
		return nil
	})
	return func() int { return int(n.Load()) }
}

// Stumble lets the next calls of any kind fail with an error that passes; all, if the
// number is negative.
func (s *Store) Stumble(calls int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stumbles = calls
}

// LoseAnswers lets the next writes happen, and the answer to them be lost.
func (s *Store) LoseAnswers(writes int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lost = writes
}

// FlipAfter lets so many reads through and then flips a bit in what the next one returns, as
// on a line that no checksum guards.
func (s *Store) FlipAfter(reads int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.flip = reads
}

// ShowLate lets the next calls that look at an object or read it not see it, as when a
// store refuses one that another writer is just storing.
func (s *Store) ShowLate(calls int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.late = calls
}

// CutRefused makes the store one that cuts the connection on a write that it refuses, as
// some do that have not read its body: the client does not come to read the answer.
func (s *Store) CutRefused() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refusal = errCut
}

// Intercept has f called before each call of the kinds head, list, get and put, with the key or
// prefix that it is about. An error of f is the call's.
func (s *Store) Intercept(f func(ctx context.Context, op, key string) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.before = f
}

// IgnoreConditions makes the store one that overwrites what is there in spite of the
// condition that it must be absent.
func (s *Store) IgnoreConditions() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rude = true
}

// SlowDown makes every write take the time that it is told.
func (s *Store) SlowDown(delay time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.delay = delay
}

// wait takes the time of a write.
func (s *Store) wait() {
	s.mu.Lock()
	delay := s.delay
	s.mu.Unlock()
	time.Sleep(delay)
}

// intercepted is the error that a call fails with before it is looked at.
func (s *Store) intercepted(ctx context.Context, op, key string) error {
	s.mu.Lock()
	before := s.before
	s.mu.Unlock()
	if before == nil {
		return nil
	}
	return before(ctx, op, key)
}

// stumble is the error of a call, if it is one of those that fail; the lock is held.
func (s *Store) stumble() error {
	if s.stumbles == 0 {
		return nil
	}
	if s.stumbles > 0 {
		s.stumbles--
	}
	return ErrBusy
}

// see returns an object, if it is there and shown; the lock is held.
func (s *Store) see(key string) (data []byte, ok bool) {
	if s.late > 0 {
		s.late--
		return nil, false
	}
	data, ok = s.objects[key]
	return data, ok
}

// carry returns the bytes that arrive when these are read; the lock is held.
func (s *Store) carry(data []byte) []byte {
	if s.flip < 0 || len(data) == 0 {
		return data
	}
	s.flip--
	if s.flip >= 0 {
		return data
	}
	data = bytes.Clone(data)
	data[len(data)/2] ^= 1
	return data
}

// Calls returns the requests since the last call of it.
func (s *Store) Calls() Calls {
	s.mu.Lock()
	defer s.mu.Unlock()
	calls := s.calls
	s.calls = Calls{}
	return calls
}

func errorCode(err error) gcerrors.ErrorCode {
	switch {
	case errors.Is(err, errAbsent):
		return gcerrors.NotFound
	case errors.Is(err, errExists):
		return gcerrors.FailedPrecondition
	case errors.Is(err, ErrBusy):
		return gcerrors.ResourceExhausted
	case errors.Is(err, ErrDenied):
		return gcerrors.PermissionDenied // what no repetition mends
	}
	return gcerrors.Unknown
}
