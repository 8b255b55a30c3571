package bitnet_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/AlarioAI/bitnet"

// floors is the order of the house: a package imports from the rows above its
// own only. That keeps training out of inference, and experiments out of both.
var floors = [][]string{
	{"", "internal/cpu", "internal/pages", "internal/parallel", "internal/durable", "internal/near", "internal/floats", "internal/mmap", "experiments", "ternary", "stats"},
	{"internal/kernel", "internal/moments"},
	{"tensor"},
	{"internal/gemm", "internal/parity"},
	{"autograd", "data", "safetensors"},
	{"quant", "optim", "infer", "data/mnist", "pth"},
	{"nn"},
	{"models", "summary"},
	{"weights"},
	{"train", "export", "internal/benchmark"},
	{"experiment"},
	{"paper"},
	{"internal/cli"},
	{"cmd/bitnet"},
}

func floor(pkg string) int {
	return slices.IndexFunc(floors, func(row []string) bool { return slices.Contains(row, pkg) })
}

// A listed is what go list says of a package. Tests are not in it: they may
// import from any floor, since nothing can import them.
type listed struct {
	ImportPath    string
	Imports, Deps []string // direct and transitive
}

func list(t *testing.T) []listed {
	t.Helper()
	var stderr bytes.Buffer
	cmd := exec.Command("go", "list", "-json=ImportPath,Imports,Deps", "./...")
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, &stderr)
	}
	var packages []listed
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return packages
		} else if err != nil {
			t.Fatalf("go list: %v", err)
		}
		packages = append(packages, p)
	}
}

// local returns the path of a package below the module, or false for packages
// of others.
func local(path string) (string, bool) {
	pkg, ok := strings.CutPrefix(path, module)
	return strings.TrimPrefix(pkg, "/"), ok && (pkg == "" || pkg[0] == '/')
}

func TestImportsGoDown(t *testing.T) {
	for _, p := range list(t) {
		pkg, _ := local(p.ImportPath)
		from := floor(pkg)
		if from < 0 {
			t.Errorf("%s has no floor: put it into the table of floors_test.go, in a row after those of everything it imports", pkg)
			continue
		}
		for _, path := range p.Imports {
			imported, ok := local(path)
			if to := floor(imported); ok && to >= from {
				t.Errorf("%s (floor %d) imports %s (floor %d): imports go down only; move the shared part to a lower package",
					pkg, from, imported, to)
			}
		}
	}
}

func TestWhatMayNotBeImported(t *testing.T) {
	for _, p := range list(t) {
		pkg, _ := local(p.ImportPath)
		for _, path := range p.Deps {
			dep, ok := local(path)
			switch {
			case !ok:
			case pkg == "infer" && slices.Contains([]string{"autograd", "nn", "train"}, dep):
				t.Errorf("infer depends on %s: inference carries nothing of training", dep)
			case dep == "data/mnist" && pkg != "internal/cli" && pkg != "cmd/bitnet":
				t.Errorf("%s depends on data/mnist: only the program carries its 11 MB", pkg)
			case dep == "internal/parity":
				t.Errorf("%s depends on internal/parity: only tests may", pkg)
			}
		}
	}
}
