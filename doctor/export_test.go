package doctor

// A Clock is the clock that the checks use.
type Clock = clock

// Read and Observe are its methods.
var (
	ReadClock    = (*clock).read
	ObserveClock = (*clock).observe
)
