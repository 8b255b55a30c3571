package experiment

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"

	"github.com/AlarioAI/bitnet/data"
)

// sum returns a checksum of everything in a data set that a run depends on:
// 16 hexadecimal digits of a SHA-256.
func sum(set *data.Set) string {
	h := sha256.New()
	fmt.Fprintln(h, set.Classes, set.Mean, set.Std)
	for _, part := range []*data.Images{set.Train, set.Test} {
		fmt.Fprintln(h, part.N, part.H, part.W, part.C)
		h.Write(part.Pixels)
		labels := make([]byte, 0, 4*len(part.Labels))
		for _, label := range part.Labels {
			labels = binary.LittleEndian.AppendUint32(labels, uint32(label))
		}
		h.Write(labels)
	}
	return fmt.Sprintf("%x", h.Sum(nil)[:8])
}
