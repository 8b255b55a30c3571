package pth

import "fmt"

// An opcode is an instruction of a pickle, under its name in Python's
// pickletools.
type opcode byte

// The opcodes that a dict of tensors needs.
const (
	opProto        opcode = 0x80
	opFrame        opcode = 0x95
	opStop         opcode = '.'
	opMark         opcode = '('
	opNone         opcode = 'N'
	opNewTrue      opcode = 0x88
	opNewFalse     opcode = 0x89
	opBinInt       opcode = 'J'
	opBinInt1      opcode = 'K'
	opBinInt2      opcode = 'M'
	opLong1        opcode = 0x8a
	opBinFloat     opcode = 'G'
	opBinUnicode   opcode = 'X'
	opShortUnicode opcode = 0x8c
	opEmptyTuple   opcode = ')'
	opTuple        opcode = 't'
	opTuple1       opcode = 0x85
	opTuple2       opcode = 0x86
	opTuple3       opcode = 0x87
	opEmptyList    opcode = ']'
	opAppend       opcode = 'a'
	opAppends      opcode = 'e'
	opEmptyDict    opcode = '}'
	opSetItem      opcode = 's'
	opSetItems     opcode = 'u'
	opBinPut       opcode = 'q'
	opLongBinPut   opcode = 'r'
	opMemoize      opcode = 0x94
	opBinGet       opcode = 'h'
	opLongBinGet   opcode = 'j'
	opGlobal       opcode = 'c'
	opStackGlobal  opcode = 0x93
	opReduce       opcode = 'R'
	opBuild        opcode = 'b'
	opBinPersID    opcode = 'Q'
)

// String names the opcodes that are refused, for errors.
func (op opcode) String() string {
	name, known := map[opcode]string{
		'i': "INST", 'o': "OBJ", 0x81: "NEWOBJ", 0x92: "NEWOBJ_EX", 0x82: "EXT1", 0x83: "EXT2", 0x84: "EXT4",
		'P': "PERSID", 'I': "INT", 'L': "LONG", 0x8b: "LONG4", 'F': "FLOAT",
		'S': "STRING", 'T': "BINSTRING", 'U': "SHORT_BINSTRING", 'V': "UNICODE", 0x8d: "BINUNICODE8",
		'B': "BINBYTES", 'C': "SHORT_BINBYTES", 0x8e: "BINBYTES8", 0x96: "BYTEARRAY8", 0x97: "NEXT_BUFFER", 0x98: "READONLY_BUFFER",
		'l': "LIST", 'd': "DICT", 0x8f: "EMPTY_SET", 0x90: "ADDITEMS", 0x91: "FROZENSET",
		'0': "POP", '1': "POP_MARK", '2': "DUP", 'g': "GET", 'p': "PUT",
	}[op]
	if !known {
		name = "no opcode of Python's"
	}
	return fmt.Sprintf("0x%02x (%s)", byte(op), name)
}
