//go:build !amd64 || purego

package cpu

// Supported returns Generic: there is no assembly for this processor or build.
func Supported() Level { return Generic }
