package graph

const (
	// maxEmptyPages bounds the empty pages in a row, and maxEmptyReturns those of them that may
	// lead back to an earlier page.
	maxEmptyPages   = 100
	maxEmptyReturns = 20

	// maxStalePages bounds the pages of a list without a new element: some services repeat pages.
	maxStalePages = 25
)

// A circleCheck notices when the links of a list lead in a circle. It compares each link with one
// earlier link, which it replaces after 1, 2, 4, 8… steps.
type circleCheck struct {
	earlier      string
	steps, limit int
	empty        int // pages in a row
}

func (c *circleCheck) step(link string, elements int) error {
	if c.empty++; elements > 0 {
		c.empty = 0
	}
	if c.empty > maxEmptyPages {
		return finalf("%w: %d in a row were empty, each with a nextLink", ErrEndless, maxEmptyPages)
	}
	if link == c.earlier && (elements > 0 || c.empty > maxEmptyReturns) {
		return finalf("%w: a nextLink leads back to a page before", ErrEndless)
	}
	if c.steps++; c.steps >= c.limit {
		c.earlier, c.steps, c.limit = link, 0, max(1, 2*c.limit)
	}
	return nil
}

// stalePages counts the pages without a new element.
type stalePages int

func (n *stalePages) add(op string) error {
	if *n++; *n > maxStalePages {
		return &Error{Op: op, Err: finalf("%w: %d of them held nothing new", ErrEndless, maxStalePages)}
	}
	return nil
}
