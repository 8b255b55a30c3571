package cli

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/AlarioAI/bitnet/internal/cpu"
)

type versionCommand struct{}

// Help is shown below the flags.
func (versionCommand) Help() string {
	return `The last word is the instruction set that the kernels use: generic, avx2 or avx512. The environment variable BITNET_CPU chooses a lower one than the processor has.

Example:

    BITNET_CPU=avx2 bitnet version`
}

func (versionCommand) Run(t *terminal) error {
	_, err := fmt.Fprintf(t.stdout, "%s %s %s/%s %v\n", t.program(), runtime.Version(), runtime.GOOS, runtime.GOARCH, cpu.Current())
	return err
}

// versionOr returns the version that the linker was given, or else the one
// that the go command noted, as it does for go install.
func versionOr(linked string) string {
	if linked != "" {
		return linked
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	return "devel"
}
