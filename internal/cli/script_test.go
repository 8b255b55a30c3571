package cli

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/AlarioAI/bitnet/experiment"
	"github.com/AlarioAI/bitnet/tensor"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"bitnet": func() { os.Exit(Main(os.Args, "v0.0.0-test")) },
	})
}

// TestScripts runs the program as a user does; see testdata/script. The
// commands that the scripts have beyond those of testscript are below.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: filepath.Join("testdata", "script"),
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"idx":     idx,
			"photos":  photos,
			"damage":  damage,
			"exits":   exits,
			"await":   await,
			"records": records,
		},
		Setup: func(e *testscript.Env) error {
			program, err := exec.LookPath("bitnet")
			if err != nil {
				return err
			}
			e.Setenv("BIN", filepath.Dir(program)) // nothing else is there
			roundTrip, err := filepath.Abs(filepath.Join("..", "..", "weights", "testdata", "roundtrip"))
			e.Setenv("ROUNDTRIP", roundTrip) // files that PyTorch wrote
			return err
		},
	})
}

// idx FOLDER TRAINING TEST writes a data set of noise, 28x28, in which the
// labels go round.
func idx(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 3 {
		ts.Fatalf("usage: idx FOLDER TRAINING TEST")
	}
	dir := ts.MkAbs(args[0])
	ts.Check(os.MkdirAll(dir, 0o777))
	for i, part := range []string{"train", "t10k"} {
		n, err := strconv.Atoi(args[1+i])
		ts.Check(err)
		const side = 28
		images := header(0x803, n, side, side)
		labels := header(0x801, n)
		rng := tensor.NewStream(1, part)
		for i := range n {
			labels = append(labels, byte(i%10))
			for range side * side {
				images = append(images, byte(rng.Intn(256)))
			}
		}
		ts.Check(os.WriteFile(filepath.Join(dir, part+"-images-idx3-ubyte"), images, 0o666))
		ts.Check(os.WriteFile(filepath.Join(dir, part+"-labels-idx1-ubyte"), labels, 0o666))
	}
}

// photos FOLDER N CLASS... writes a data set of N images of JPEG for each class,
// each of another size, and one for the test.
func photos(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) < 3 {
		ts.Fatalf("usage: photos FOLDER N CLASS...")
	}
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	for part, count := range map[string]int{"train": n, "val": 1} {
		for _, class := range args[2:] {
			dir := filepath.Join(ts.MkAbs(args[0]), part, class)
			ts.Check(os.MkdirAll(dir, 0o777))
			for i := range count {
				ts.Check(writePhotograph(filepath.Join(dir, strconv.Itoa(i)+".jpg"), 20+i, i))
			}
		}
	}
}

// header returns the header of an IDX file.
func header(numbers ...int) (b []byte) {
	for _, n := range numbers {
		b = binary.BigEndian.AppendUint32(b, uint32(n))
	}
	return b
}

// damage FILE OFFSET BYTE changes a byte; without a byte it cuts the file off.
func damage(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 && len(args) != 3 {
		ts.Fatalf("usage: damage FILE OFFSET [BYTE]")
	}
	file := ts.MkAbs(args[0])
	content := []byte(ts.ReadFile(args[0]))
	offset, err := strconv.Atoi(args[1])
	ts.Check(err)
	if len(args) == 2 {
		content = content[:offset]
	} else {
		value, err := strconv.Atoi(args[2])
		ts.Check(err)
		content[offset] = byte(value)
	}
	ts.Check(os.WriteFile(file, content, 0o666))
}

// exits CODE COMMAND... fails unless the command ends with that exit code.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND...")
	}
	code := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		exit := new(exec.ExitError)
		if !errors.As(err, &exit) {
			ts.Fatalf("%v", err)
		}
		code = exit.ExitCode()
	}
	if strconv.Itoa(code) != args[0] {
		ts.Fatalf("exit code %d, want %s", code, args[0])
	}
}

// await PATTERN waits for a file.
func await(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: await PATTERN")
	}
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		if files, err := filepath.Glob(ts.MkAbs(args[0])); err != nil || len(files) > 0 {
			ts.Check(err)
			return
		}
	}
	ts.Fatalf("there is no %s after a minute", args[0])
}

// records STORE FILE writes the records of a store, without times, into a file.
func records(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: records STORE FILE")
	}
	all, _, err := experiment.Read(ts.MkAbs(args[0]))
	ts.Check(err)
	for _, r := range all {
		for i := range r.Result.Epochs {
			r.Result.Epochs[i].Seconds, r.Result.Epochs[i].ImagesPerSecond = 0, 0
		}
	}
	text, err := json.MarshalIndent(all, "", " ")
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), text, 0o666))
}
