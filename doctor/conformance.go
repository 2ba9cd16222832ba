package doctor

import (
	"context"

	"gocloud.dev/gcerrors"
)

// A conformanceCheck is one behaviour of a store that a repository relies on. It runs in a scratch
// prefix. Its error is what the store returned, or what is wrong.
type conformanceCheck struct {
	name     string
	proves   string
	remedy   string   // for an error without a remedy of its own
	needs    []string // names of earlier checks
	optional bool     // a repository does without: an export deletes nothing
	bulky    bool     // it writes much, so it runs only where that can be deleted
	run      func(context.Context) error
}

const (
	checkList   = "list"
	checkCreate = "create"
	checkRead   = "read"
	checkDelete = "delete"
)

const (
	needsConditions = "use a store, or a newer version of it, that supports conditional writes (If-None-Match: *)"
	doNotUse        = "do not use this store: it does not return what was stored in it"
)

// conformance returns the checks in the order in which they run.
func (s *scratch) conformance() []conformanceCheck {
	written := []string{checkCreate, checkRead}
	listed := []string{checkList, checkCreate}
	seen := []string{checkList, checkCreate, checkRead}
	return []conformanceCheck{
		{name: checkList, proves: "objects can be listed", run: s.canList},
		{name: checkCreate, proves: "an object can be created if it is absent", run: s.canCreate},
		{name: checkRead, proves: "an object can be read", needs: []string{checkCreate}, run: s.canRead},
		{name: checkDelete, proves: "an object can be deleted, and is gone afterwards", optional: true, needs: written, run: s.canDelete},
		{name: "read your write", proves: "an object can be read and listed as soon as it is written, and not before", remedy: doNotUse,
			needs: seen, run: s.readYourWrite},
		{name: "overwrite refused", proves: "an existing object is not created again, and keeps its bytes", remedy: needsConditions,
			needs: written, run: s.overwrite},
		{name: "one winner", proves: "when many clients create an object at once, exactly one succeeds, and its bytes are stored", remedy: needsConditions,
			needs: written, run: s.oneWinner},
		{name: "ranges", proves: "a range of an object is exact to the byte", remedy: doNotUse, needs: written, run: s.ranges},
		{name: "cancel", proves: "a canceled write leaves nothing, at once and later", remedy: doNotUse, needs: seen, run: s.canceled},
		{name: "listing", proves: "more than 1,000 objects are listed, each once, in order, also by prefix and delimiter", remedy: doNotUse,
			needs: listed, bulky: true, run: s.listing},
		{name: "large object", proves: "an object of 32 MiB is stored and read intact", remedy: doNotUse, needs: written, bulky: true, run: s.largeObject},
	}
}

// conformance returns c as a check of the examination.
func (s *storeChecks) conformance(c conformanceCheck) check {
	needs := append([]string{checkReach}, c.needs...)
	if c.bulky {
		needs = append(needs, checkRepository) // do not fill a place that holds something else
	}
	return check{c.name, c.proves, needs, func(ctx context.Context) outcome {
		if c.bulky && !s.opts.Thorough && !s.canPurge() {
			return skipped("its objects could not be deleted; a thorough run (--thorough) includes it")
		}
		err := c.run(ctx)
		switch {
		case err == nil:
			return passed("%s", c.proves)
		case c.optional && gcerrors.Code(err) == gcerrors.PermissionDenied:
			return noted(err.Error(), "an export deletes nothing, so this is in order; the objects of these checks remain")
		}
		return s.failed(err, c.remedy)
	}}
}

// canPurge reports whether the checks can delete their objects permanently.
func (s *storeChecks) canPurge() bool { return s.retention == "" && s.done[checkDelete] == OK }
