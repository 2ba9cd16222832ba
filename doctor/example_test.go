package doctor_test

import (
	"context"
	"fmt"

	"gocloud.dev/blob/memblob"

	"github.com/mailhaul/mailhaul/doctor"
)

// The checks of a store run on any bucket of Go CDK.
func ExampleStore() {
	bucket := memblob.OpenBucket(nil)
	defer bucket.Close()
	for r := range doctor.Store(context.Background(), bucket, doctor.StoreOptions{}) {
		fmt.Printf("%-17s %-7s  %s\n", r.Check, r.Status, r.Seen)
	}
	// Output:
	// reach             ok       the store answers, and knows the credentials
	// clock             skipped  the answers have no date
	// repository        ok       none yet: an export creates it
	// protection        skipped  the store does not report versions and locks
	// list              ok       objects can be listed
	// create            ok       an object can be created if it is absent
	// read              ok       an object can be read
	// delete            ok       an object can be deleted, and is gone afterwards
	// read your write   ok       an object can be read and listed as soon as it is written, and not before
	// overwrite refused ok       an existing object is not created again, and keeps its bytes
	// one winner        ok       when many clients create an object at once, exactly one succeeds, and its bytes are stored
	// ranges            ok       a range of an object is exact to the byte
	// cancel            ok       a canceled write leaves nothing, at once and later
	// listing           ok       more than 1,000 objects are listed, each once, in order, also by prefix and delimiter
	// large object      ok       an object of 32 MiB is stored and read intact
	// clean up          ok       nothing remains
}
