//go:build !unix

package cli

// reportSizeLimit does nothing: this system has no limit of the size of files.
func reportSizeLimit() {}
