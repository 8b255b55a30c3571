//go:build !linux && !darwin

package kernel

import "testing"

// pages returns n values.
func pages(_ testing.TB, n int) []float32 { return make([]float32, n) }
