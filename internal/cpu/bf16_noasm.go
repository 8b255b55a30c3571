//go:build !amd64 || purego

package cpu

// HasBF16 returns false: there is no assembly for this processor or build.
func HasBF16() bool { return false }
