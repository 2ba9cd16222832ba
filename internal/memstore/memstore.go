// Package memstore is a store in memory for tests. Like a cloud's store, it lists a thousand objects
// at a time. It counts the calls that a cloud charges for, and fails on request.
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
	left     int  // writes until all fail; negative: none fails
	stumbles int  // calls that fail with ErrBusy; negative: all
	lost     int  // writes whose answer is lost
	flip     int  // reads until one returns a flipped bit; negative: none does
	late     int  // calls that do not see existing objects
	rude     bool // ignore conditions
	refusal  error
	before   func(ctx context.Context, op, key string) error
	delay    time.Duration
	calls    Calls
}

// Calls counts requests to a store.
type Calls struct {
	Put  int // of whole objects, including refused ones
	Get  int // of objects or ranges
	Head int
	List int // pages
}

// The errors of calls that fail permanently, and temporarily.
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

// FailAfter fails all writes after the given number, with ErrDenied. The store is then as a process
// leaves it that is killed at this point. With a negative number no write fails.
func (s *Store) FailAfter(writes int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.left = writes
}

// FailOne fails one write below a prefix, with ErrDenied: the one after the given number of writes.
// It replaces the function of Intercept. The function that it returns counts these writes.
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

// Stumble fails the next calls of any kind with ErrBusy, or all if the number is negative.
func (s *Store) Stumble(calls int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stumbles = calls
}

// LoseAnswers stores the objects of the next writes, and fails the calls.
func (s *Store) LoseAnswers(writes int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lost = writes
}

// FlipAfter flips a bit in the bytes of one read, after the given number of reads, as on a connection
// without checksums.
func (s *Store) FlipAfter(reads int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.flip = reads
}

// ShowLate hides existing objects from the next calls that read an object or its attributes. A store
// may do so while another writer is storing the object.
func (s *Store) ShowLate(calls int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.late = calls
}

// CutRefused makes the store cut the connection of a write that it refuses, as some stores do that
// have not read the body: the client never reads the answer.
func (s *Store) CutRefused() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refusal = errCut
}

// Intercept calls f before each operation: head, list, get or put, with its key or prefix. If f
// returns an error, the operation fails with it.
func (s *Store) Intercept(f func(ctx context.Context, op, key string) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.before = f
}

// IgnoreConditions makes the store overwrite existing objects despite the condition that they are
// absent.
func (s *Store) IgnoreConditions() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rude = true
}

// SlowDown delays every write.
func (s *Store) SlowDown(delay time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.delay = delay
}

// wait waits as long as a write takes.
func (s *Store) wait() {
	s.mu.Lock()
	delay := s.delay
	s.mu.Unlock()
	time.Sleep(delay)
}

// intercepted returns the error of Intercept's function for an operation.
func (s *Store) intercepted(ctx context.Context, op, key string) error {
	s.mu.Lock()
	before := s.before
	s.mu.Unlock()
	if before == nil {
		return nil
	}
	return before(ctx, op, key)
}

// stumble returns ErrBusy if the call is to fail. The caller holds the lock.
func (s *Store) stumble() error {
	if s.stumbles == 0 {
		return nil
	}
	if s.stumbles > 0 {
		s.stumbles--
	}
	return ErrBusy
}

// see returns an object, if it exists and is not hidden. The caller holds the lock.
func (s *Store) see(key string) (data []byte, ok bool) {
	if s.late > 0 {
		s.late--
		return nil, false
	}
	data, ok = s.objects[key]
	return data, ok
}

// carry returns the bytes of a read as they arrive. The caller holds the lock.
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

// Calls returns the requests since Calls was last called.
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
		return gcerrors.PermissionDenied // not retryable
	}
	return gcerrors.Unknown
}
