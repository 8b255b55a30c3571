// Package cli is the command line of the program bitnet, a file for each
// subcommand.
//
// Results go to standard output, everything else to standard error. An error
// is one line. The exit code is 0; or 1 if the command failed or was
// interrupted; or 2 if it could not begin, because the command line or the
// environment variable BITNET_CPU is wrong. A file that is wrong, such as a
// configuration, counts as a failure.
package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/AlarioAI/bitnet/internal/cpu"
)

// grammar is what kong makes the command line of.
type grammar struct {
	Reproduce reproduceCommand `cmd:"" help:"Do an experiment and write the paper about it."`
	Run       runCommand       `cmd:"" help:"Do an experiment, or the rest of one."`
	Paper     paperCommand     `cmd:"" help:"Write the paper about the runs in a store."`
	Models    modelsCommand    `cmd:"" help:"List the architectures with their totals."`
	Inspect   inspectCommand   `cmd:"" help:"List the layers of an architecture or of a file of weights."`
	Convert   convertCommand   `cmd:"" help:"Convert weights between safetensors and PyTorch's files."`
	Data      dataCommand      `cmd:"" help:"List the built-in data sets, or check and describe others."`
	Bench     benchCommand     `cmd:"" help:"Measure the speed of training and evaluation."`
	Version   versionCommand   `cmd:"" help:"Print the version and what it runs on."`
}

// A terminal is what a subcommand sees of its surroundings.
type terminal struct {
	context.Context // done when the user interrupts
	stdout          io.Writer
	stderr          *os.File
	version         string
}

// program returns name and version.
func (t *terminal) program() string { return "bitnet " + t.version }

// printJSON writes a value to standard output, indented.
func (t *terminal) printJSON(value any) error {
	e := json.NewEncoder(t.stdout)
	e.SetIndent("", "  ")
	return e.Encode(value)
}

func (t *terminal) log(format string, args ...any) { fmt.Fprintf(t.stderr, format+"\n", args...) }

// A usageError is a mistake on the command line.
type usageError struct{ error }

// Exit codes.
const (
	exitFailed = 1
	exitUsage  = 2
)

// Main runs the program with the arguments args[1:] and returns its exit code.
// The version is the one that the linker was given, or empty.
func Main(args []string, version string) int {
	t := &terminal{stdout: os.Stdout, stderr: os.Stderr, version: versionOr(version)}
	var g grammar
	parser := kong.Must(&g,
		kong.Name("bitnet"),
		kong.Description("Trains neural networks and their twins with weights of -1, 0 and +1, and writes the comparison into a paper.\n\nExample:\n\n    bitnet reproduce"),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, NoExpandSubcommands: true}),
	)
	given := args[1:]
	if len(given) == 0 {
		given = []string{"--help"}
	}
	command, err := parser.Parse(given)
	if err != nil {
		return t.fail(usageError{err})
	}
	if err := cpu.Check(); err != nil {
		return t.fail(usageError{err})
	}
	reportSizeLimit()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the program at once
	t.Context = ctx
	err = command.Run(t)
	if errors.Is(err, context.Canceled) {
		err = fmt.Errorf("interrupted; what is done is kept, to go on: %s", shellCommand(args))
	}
	if err != nil {
		return t.fail(err)
	}
	return 0
}

// fail prints an error and returns the exit code.
func (t *terminal) fail(err error) int {
	t.log("bitnet: %s", strings.ReplaceAll(err.Error(), "\n", " "))
	if usage := (usageError{}); errors.As(err, &usage) {
		return exitUsage
	}
	return exitFailed
}

// shellCommand writes arguments as they are typed at a shell.
func shellCommand(args []string) string {
	quoted := make([]string, len(args))
	for i, a := range args {
		quoted[i] = a
		if a == "" || strings.ContainsFunc(a, func(r rune) bool {
			return r < '+' || strings.ContainsRune(";<>?[\\]^`{|}~\x7f", r)
		}) {
			quoted[i] = "'" + strings.ReplaceAll(a, "'", `'\''`) + "'"
		}
	}
	return strings.Join(quoted, " ")
}
