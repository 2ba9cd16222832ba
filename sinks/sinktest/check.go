package sinktest

import "context"

// A Check is one thing that a repository needs. Those of a list run in order.
type Check struct {
	Name   string   // short, and different from the others'
	What   string   // what must hold, as a sentence without its stop
	Remedy string   // what to do about a store in which it does not hold
	Needs  []string // names of earlier checks; if one of them failed, this one tells nothing

	// Optional says that a repository does without: an export deletes nothing.
	Optional bool

	// Bulk is how many bytes, and Objects how many objects, the check writes at most,
	// where that is much.
	Bulk    int64
	Objects int

	// Run returns nil if it holds, what the store said, or what is wrong. What it writes
	// stays until Env.Clean.
	Run func(context.Context, *Env) error
}

// The names of the checks of single rights. The others need the first three.
const (
	List   = "list"
	Create = "create"
	Read   = "read"
	Delete = "delete"
)

const (
	noConditions = "use a store, or a newer version of it, that supports conditional writes (If-None-Match: *)"
	notWhole     = "do not use this store: it does not give back what was stored in it"
)

// Checks returns all of them.
func Checks() []Check {
	written := []string{Create, Read}
	return []Check{
		{Name: List, What: "the place can be listed", Run: list},
		{Name: Create, What: "an object can be created if it is absent", Run: create},
		{Name: Read, What: "an object can be read", Needs: []string{Create}, Run: read},
		{Name: Delete, What: "an object can be deleted, and is gone then", Optional: true, Needs: written, Run: remove},
		{Name: "read your write", What: "what was written is read, and listed, at once; what was not is not there", Remedy: notWhole,
			Needs: []string{List, Create, Read}, Run: readYourWrite},
		{Name: "overwrite refused", What: "an object that is there is not created again, and keeps its bytes", Remedy: noConditions, Needs: written, Run: overwrite},
		{Name: "one winner", What: "of many that create an object at once exactly one succeeds, and its bytes are there", Remedy: noConditions,
			Needs: written, Run: oneWinner},
		{Name: "ranges", What: "a part of an object is read to the byte", Remedy: notWhole, Needs: written, Run: ranges},
		{Name: "cancel", What: "a write that is canceled leaves nothing, then and later", Remedy: notWhole,
			Needs: []string{List, Create, Read}, Run: cancelled},
		{Name: "listing", What: "more than 1,000 objects are listed, each once, in order, also by prefix and delimiter", Remedy: notWhole,
			Needs: []string{List, Create}, Objects: manyObjects, Run: listing},
		{Name: "large object", What: "an object of 32 MiB is stored and read whole", Remedy: notWhole, Needs: written, Bulk: largeSize, Run: largeObject},
	}
}
