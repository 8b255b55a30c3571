package vec

import (
	"math"

	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
)

// A Table holds the constants of a file's functions.
type Table struct {
	mem    Mem
	offset map[uint32]int // of a constant's bits; each is there for all lanes of AVX2
}

// NewTable returns an empty table of the given name.
func NewTable(name string) *Table {
	return &Table{GLOBL(name, attr.RODATA|attr.NOPTR), map[uint32]int{}}
}

// at returns where a constant is in the table.
func (t *Table) at(bits uint32) Mem {
	offset, ok := t.offset[bits]
	if !ok {
		offset = 4 * AVX2.Lanes * len(t.offset)
		t.offset[bits] = offset
		for i := 0; i < AVX2.Lanes; i += 2 {
			DATA(offset+4*i, U64(uint64(bits)<<32|uint64(bits)))
		}
	}
	return t.mem.Offset(offset)
}

// Constants are constants of one function. They are in registers with AVX-512.
// With AVX2, whose registers would not do for a polynomial, they are in memory.
type Constants struct {
	*Func
	table  *Table
	loaded map[uint32]Op // AVX-512: the registers
}

// Constants returns the constants of a function that has just begun.
func (t *Table) Constants(f *Func) Constants { return Constants{f, t, map[uint32]Op{}} }

// Constant returns an operand with v, rounded to float32, in all lanes. Here a
// register is loaded.
func (c Constants) Constant(v float64) Op {
	bits := math.Float32bits(float32(v))
	mem := c.table.at(bits)
	if c.Set == AVX2 {
		return mem
	}
	if c.loaded[bits] == nil {
		r := c.New()
		VBROADCASTSS(mem, r)
		c.loaded[bits] = r
	}
	return c.loaded[bits]
}

// Coefficients returns an operand for each of the values.
func (c Constants) Coefficients(values ...float64) []Op {
	all := make([]Op, len(values))
	for i, v := range values {
		all[i] = c.Constant(v)
	}
	return all
}
