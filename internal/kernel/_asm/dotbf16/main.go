// Command dotbf16 replaces the instruction VDPBF16PS, which the assembler of Go
// does not know, by its bytes, in the files it is given.
package main

import (
	"fmt"
	"log"
	"os"
	"regexp"
	"strconv"
)

// Operands are in Go's order: the destination is the last one.
var instruction = regexp.MustCompile(`VDPBF16PS +([YZ])(\d+), [YZ](\d+), [YZ](\d+)`)

func main() {
	log.SetFlags(0)
	for _, name := range os.Args[1:] {
		text, err := os.ReadFile(name)
		if err != nil {
			log.Fatal(err)
		}
		text = instruction.ReplaceAllFunc(text, func(line []byte) []byte {
			var z [3]byte
			match := instruction.FindSubmatch(line)
			for i, digits := range match[2:] {
				n, err := strconv.ParseUint(string(digits), 10, 5)
				if err != nil {
					log.Fatalf("%s: %s: %v", name, line, err)
				}
				z[i] = byte(n)
			}
			return fmt.Appendf(nil, "%s // %s", bytes(encode(match[1][0], z[0], z[1], z[2])), line)
		})
		if err := os.WriteFile(name, text, 0o644); err != nil {
			log.Fatal(err)
		}
	}
}

// encode returns EVEX.F3.0F38.W0 52 /r for vectors Y or Z (Intel, "Architecture Instruction
// Set Extensions Programming Reference", VDPBF16PS): ModRM.reg is sum, EVEX.vvvv is
// x and ModRM.rm is w. The prefix holds the upper bits of the registers'
// numbers inverted.
func encode(kind, w, x, sum byte) [6]byte {
	not := func(z byte, bit int) byte { return ^z >> bit & 1 }
	const map0F38, prefixF3 = 2, 2
	length := 1 + kind - 'Y'
	return [6]byte{
		0x62,
		not(sum, 3)<<7 | not(w, 4)<<6 | not(w, 3)<<5 | not(sum, 4)<<4 | map0F38,
		^x&15<<3 | 1<<2 | prefixF3,
		length<<5 | not(x, 4)<<3,
		0x52,
		3<<6 | sum&7<<3 | w&7,
	}
}

// bytes writes directives for the assembler.
func bytes(code [6]byte) string {
	text := ""
	for i, b := range code {
		if i > 0 {
			text += "; "
		}
		text += fmt.Sprintf("BYTE $0x%02x", b)
	}
	return text
}
