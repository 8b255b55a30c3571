package vec

import (
	"fmt"
	"math"
	"slices"

	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// A Table holds the constants of a file's functions.
type Table struct {
	mem    Mem
	size   int
	offset map[string]int // of arrays of constants, written out
}

// NewTable returns an empty table of the given name.
func NewTable(name string) *Table {
	return &Table{GLOBL(name, attr.RODATA|attr.NOPTR), 0, map[string]int{}}
}

// at returns where an array of an even number of constants is in the table.
func (t *Table) at(constants ...uint32) Mem {
	key := fmt.Sprint(constants)
	offset, ok := t.offset[key]
	if !ok {
		offset = t.size
		t.offset[key] = offset
		for i := 0; i < len(constants); i += 2 {
			DATA(t.size, U64(uint64(constants[i+1])<<32|uint64(constants[i])))
			t.size += 8
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
	mem := c.table.at(slices.Repeat([]uint32{bits}, AVX2.Lanes)...)
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

// A Lookup is a function of the numbers below 16 or 32, in one or two registers
// of AVX-512.
type Lookup []reg.VecVirtual

// Lookup loads a Lookup with these values.
func (c Constants) Lookup(values []uint32) Lookup {
	l := make(Lookup, len(values)/c.Lanes)
	for i := range l {
		l[i] = c.New()
		VMOVUPS(c.table.at(values[i*c.Lanes:][:c.Lanes]...), l[i])
	}
	return l
}

// At returns the values for the numbers in the last bits of every lane.
func (l Lookup) At(number reg.VecVirtual) reg.VecVirtual {
	v := ZMM()
	if len(l) == 1 {
		VPERMPS(l[0], number, v)
		return v
	}
	VMOVDQA32(number, v)
	VPERMI2PS(l[1], l[0], v)
	return v
}
