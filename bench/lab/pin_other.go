//go:build !linux

package lab

import "errors"

// canPin reports whether this system supports pin.
const canPin = false

func pin(...int) (unpin func() error, err error) { return nil, errors.ErrUnsupported }
