package pipeline

// NewSmallPool returns a pool whose packs end at a stored size that tests reach quickly.
func NewSmallPool(runs, packTarget int) (*Pool, error) { return newPool(runs, packTarget) }

// InUse returns how many slots and resources of a pool its runs hold.
func InUse(p *Pool) int { return len(p.slots) + p.resources.InUse() }

// SetMaxWaiting sets the number of items of a run that may wait for packs.
func SetMaxWaiting(p *Pool, n int) { p.maxWaiting = n }
