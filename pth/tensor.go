package pth

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/AlarioAI/bitnet/internal/floats"
	"github.com/AlarioAI/bitnet/safetensors"
)

// A tensor has its element [i, j, ...] at offset + i*stride[0] + j*stride[1] +
// ... of a storage. The numbers are not negative, and there are as many strides
// as axes; a pickle promises nothing more.
type tensor struct {
	storage       *storage
	offset        int
	shape, stride []int
}

func (t *tensor) dtype() safetensors.DType {
	dtype, _ := t.storage.class.elements()
	return dtype
}

func (t *tensor) width() int64 {
	_, width := t.storage.class.elements()
	return int64(width)
}

// readable tells whether the elements can be converted to float32.
func (t *tensor) readable() bool { return floats.Type(t.dtype()).Width() > 0 }

// An axis of a tensor: how many elements it has, how far apart they are in the
// storage, and how far in the row-major order.
type axis struct{ length, stride, step int }

// axes returns those whose length is not 1, by descending stride.
func (t *tensor) axes() []axis {
	axes := make([]axis, 0, len(t.shape))
	step := 1
	for k := len(t.shape) - 1; k >= 0; k-- {
		if t.shape[k] != 1 {
			axes = append(axes, axis{t.shape[k], t.stride[k], step})
		}
		step *= t.shape[k]
	}
	slices.SortStableFunc(axes, func(a, b axis) int { return cmp.Compare(b.stride, a.stride) })
	return axes
}

// span returns how far the last element is from the first in the storage, plus
// 1. The tensor must have elements.
//
// It returns an error if an element is beyond the storage, or two of them are
// the same or interleaved (torch.expand and as_strided make such tensors).
// Otherwise the elements in the order of axes are in the order of the storage,
// and there are no more of them than the storage has.
func (t *tensor) span() (int, error) {
	room := t.storage.n - t.offset // for elements from the first on
	if room <= 0 {
		return 0, t.beyond()
	}
	span := 1
	for _, a := range slices.Backward(t.axes()) {
		if a.stride < span {
			return 0, errors.New("elements share memory, expected a tensor as tensor.contiguous() makes")
		}
		// (length-1)*stride + span <= room without overflow
		if a.length-1 > (room-span)/a.stride {
			return 0, t.beyond()
		}
		span += (a.length - 1) * a.stride
	}
	return span, nil
}

func (t *tensor) beyond() error {
	return fmt.Errorf("shape %v, stride %v and offset %d reach beyond the %d elements of the storage", t.shape, t.stride, t.offset, t.storage.n)
}

// contiguous tells whether the order in the storage is row-major without gaps.
func (t *tensor) contiguous() bool {
	for _, a := range t.axes() {
		if a.stride != a.step {
			return false
		}
	}
	return true
}
