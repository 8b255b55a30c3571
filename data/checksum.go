package data

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
)

// Checksum covers everything in a data set that a training depends on: 16
// hexadecimal digits of a SHA-256.
func (s *Set) Checksum() string {
	h := sha256.New()
	fmt.Fprintln(h, s.Classes, s.Mean, s.Std)
	for _, part := range []*Images{s.Train, s.Test} {
		fmt.Fprintln(h, part.N, part.H, part.W, part.C)
		if part.encoded != nil {
			h.Write(part.encoded.digest[:]) // of the decoded pixels: decoders may change
		}
		h.Write(part.Pixels)
		labels := make([]byte, 0, 4*len(part.Labels))
		for _, label := range part.Labels {
			labels = binary.LittleEndian.AppendUint32(labels, uint32(label))
		}
		h.Write(labels)
	}
	return fmt.Sprintf("%x", h.Sum(nil)[:8])
}
