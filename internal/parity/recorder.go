package parity

import (
	"fmt"
	"testing"
)

// A Recorder keeps the errors of checks that may be excused instead of failing
// the test.
type Recorder struct {
	testing.TB
	Errors []string
}

// Error keeps an error.
func (r *Recorder) Error(args ...any) { r.Errors = append(r.Errors, fmt.Sprint(args...)) }
