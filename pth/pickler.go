package pth

import (
	"encoding/binary"
	"fmt"
	"math"
	"strconv"

	"github.com/AlarioAI/bitnet/safetensors"
)

// pickleDict returns a pickle of what torch.save makes of a state dict. It uses
// no memo.
func pickleDict(tensors []safetensors.Tensor) ([]byte, error) {
	p := pickler{byte(opProto), 2}
	p.orderedDict()
	seen := make(map[string]bool, len(tensors))
	for i, t := range tensors {
		if err := check(t); err != nil {
			return nil, fmt.Errorf("tensor %q: %w", t.Name, err)
		}
		if seen[t.Name] {
			return nil, fmt.Errorf("tensor %q: expected names that differ", t.Name)
		}
		seen[t.Name] = true

		p.string(t.Name)
		p.tensor(&tensor{
			storage: &storage{"FloatStorage", strconv.Itoa(i), len(t.Data)},
			shape:   t.Shape,
			stride:  rowMajor(t.Shape),
		})
		p.op(opSetItem)
	}
	p.op(opStop)
	return p, nil
}

// rowMajor returns the strides of a contiguous tensor as PyTorch gives them: an
// axis without elements counts as one of length 1.
func rowMajor(shape []int) []int {
	stride := make([]int, len(shape))
	step := 1
	for k := len(shape) - 1; k >= 0; k-- {
		stride[k] = step
		step *= max(1, shape[k])
	}
	return stride
}

// A pickler is a pickle that grows.
type pickler []byte

func (p *pickler) op(ops ...opcode) {
	for _, op := range ops {
		*p = append(*p, byte(op))
	}
}

func (p *pickler) global(module, name string) {
	p.op(opGlobal)
	*p = append(*p, module+"\n"+name+"\n"...)
}

func (p *pickler) orderedDict() {
	p.global("collections", "OrderedDict")
	p.op(opEmptyTuple, opReduce)
}

// tensor appends torch._utils._rebuild_tensor_v2(storage, offset, shape,
// stride, requires_grad, backward_hooks).
func (p *pickler) tensor(t *tensor) {
	p.global("torch._utils", "_rebuild_tensor_v2")
	p.op(opMark)

	p.op(opMark)
	p.string("storage")
	p.global("torch", string(t.storage.class))
	p.string(t.storage.key)
	p.string("cpu")
	p.int(t.storage.n)
	p.op(opTuple, opBinPersID)

	p.int(t.offset)
	p.tuple(t.shape)
	p.tuple(t.stride)
	p.op(opNewFalse)
	p.orderedDict()
	p.op(opTuple, opReduce)
}

func (p *pickler) string(s string) {
	p.op(opBinUnicode)
	*p = binary.LittleEndian.AppendUint32(*p, uint32(len(s)))
	*p = append(*p, s...)
}

func (p *pickler) int(n int) {
	if n <= math.MaxInt32 {
		p.op(opBinInt)
		*p = binary.LittleEndian.AppendUint32(*p, uint32(n))
	} else {
		p.op(opLong1)
		*p = append(*p, 8)
		*p = binary.LittleEndian.AppendUint64(*p, uint64(n))
	}
}

func (p *pickler) tuple(list []int) {
	p.op(opMark)
	for _, n := range list {
		p.int(n)
	}
	p.op(opTuple)
}
