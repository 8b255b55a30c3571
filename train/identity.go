package train

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math"
	"slices"

	"github.com/AlarioAI/bitnet/data"
	"github.com/AlarioAI/bitnet/internal/cpu"
	"github.com/AlarioAI/bitnet/nn"
)

// identify describes what a checkpoint is good for: the network with its
// initial weights, the data, the settings that decide the result, and the
// instruction set, since floating-point sums differ between them in the last
// bits. Checksums stand for weights and images.
func identify(model nn.Layer, set *data.Set, c Config) string {
	network := crc32.Checksum([]byte(nn.Describe(model)), castagnoli())
	for _, p := range nn.State(model) {
		network = update(network, p.Data)
	}
	return fmt.Sprintf("network %08x, data %s %s, size %d, channels %d, crop %d, flip %t, %d epochs, batch size %d, %+v, seed %d, %v",
		network, set.Name, set.Checksum(), c.Size, c.Channels, c.Crop, c.Flip, c.Epochs, c.Batch, c.Optimizer, c.Seed, cpu.Current())
}

// castagnoli returns the table of the checksum that processors compute in hardware.
func castagnoli() *crc32.Table { return crc32.MakeTable(crc32.Castagnoli) }

// update adds the bits of values to a checksum.
func update(sum uint32, values []float32) uint32 {
	var bytes [1 << 12]byte
	for part := range slices.Chunk(values, len(bytes)/4) {
		for i, v := range part {
			binary.LittleEndian.PutUint32(bytes[4*i:], math.Float32bits(v))
		}
		sum = crc32.Update(sum, castagnoli(), bytes[:4*len(part)])
	}
	return sum
}
