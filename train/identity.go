package train

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math"
	"slices"

	"github.com/AlarioAI/bitnet/data"
	"github.com/AlarioAI/bitnet/nn"
)

// identify describes what a checkpoint is good for: the network with its
// initial weights, the data, and the settings that decide the result. Checksums
// stand for weights and images.
func identify(model nn.Layer, set *data.Set, c Config) string {
	table := crc32.MakeTable(crc32.Castagnoli)
	network := crc32.Checksum([]byte(nn.Describe(model)), table)
	var bytes [1 << 12]byte
	for _, p := range slices.Concat(nn.Parameters(model), nn.Buffers(model)) {
		for part := range slices.Chunk(p.Data, len(bytes)/4) {
			for i, v := range part {
				binary.LittleEndian.PutUint32(bytes[4*i:], math.Float32bits(v))
			}
			network = crc32.Update(network, table, bytes[:4*len(part)])
		}
	}
	images := uint32(0)
	for _, part := range [...]*data.Images{set.Train, set.Test} {
		images = crc32.Update(images, table, part.Pixels)
		for _, label := range part.Labels {
			images = crc32.Update(images, table, binary.LittleEndian.AppendUint32(bytes[:0], uint32(label)))
		}
	}
	return fmt.Sprintf("network %08x, data %s %08x mean %v std %v, %d epochs, batch size %d, %+v, seed %d",
		network, set.Name, images, set.Mean, set.Std, c.Epochs, c.Batch, c.Optimizer, c.Seed)
}
