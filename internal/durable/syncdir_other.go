//go:build !unix

package durable

// syncDir does nothing: this system does not open directories as files.
func syncDir(string) error { return nil }
