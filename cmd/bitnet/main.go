// Command bitnet trains networks and their low-precision twins and writes the
// comparison into a paper; see bitnet --help.
package main

import (
	"os"

	"github.com/AlarioAI/bitnet/internal/cli"
)

var version string // set by the linker: -X main.version=...

func main() {
	os.Exit(cli.Main(os.Args, version))
}
