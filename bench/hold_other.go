//go:build !linux

package bench

import "errors"

// canHold is whether hold does anything on this system.
const canHold = false

func hold(...int) (release func() error, err error) { return nil, errors.ErrUnsupported }
