package cpu

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

func TestNames(t *testing.T) {
	for name, level := range map[string]Level{"generic": Generic, "avx2": AVX2, "avx512": AVX512} {
		if got, err := parse(name); got != level || err != nil {
			t.Errorf("parse(%q) is %v, %v", name, got, err)
		}
		if got := level.String(); got != name {
			t.Errorf("level %d is called %s, want %s", level, got, name)
		}
	}
	for _, name := range []string{"", "AVX2", "avx", "avx512 ", "sse"} {
		want := "BITNET_CPU=" + name + ": want generic, avx2 or avx512"
		if _, err := parse(name); err == nil || err.Error() != want {
			t.Errorf("parse(%q): %v, want %s", name, err, want)
		}
	}
}

func TestLevelsAscend(t *testing.T) {
	all := Levels()
	if all[0] != Generic || all[len(all)-1] != Supported() || !slices.IsSorted(all) || len(slices.Compact(slices.Clone(all))) != len(all) {
		t.Errorf("levels %v, the best is %v", all, Supported())
	}
}

func TestForce(t *testing.T) {
	start := Current()
	for _, outer := range Levels() {
		restoreOuter := Force(outer)
		for _, inner := range Levels() {
			restore := Force(inner)
			if Current() != inner {
				t.Errorf("forced to %v, the level is %v", inner, Current())
			}
			restore()
			if Current() != outer {
				t.Errorf("back from %v to %v, the level is %v", inner, outer, Current())
			}
		}
		restoreOuter()
	}
	if Current() != start {
		t.Errorf("the level is %v, was %v", Current(), start)
	}
}

func TestForceRefuses(t *testing.T) {
	start := Current()
	for l := Supported() + 1; l <= AVX512+1; l++ {
		func() {
			defer func() {
				if got := fmt.Sprint(recover()); !strings.HasPrefix(got, "cpu.Force: this processor has no ") {
					t.Errorf("level %d: panic %q", int(l), got)
				}
			}()
			Force(l)
		}()
	}
	if Current() != start {
		t.Errorf("the level is %v, was %v", Current(), start)
	}
}

// The variable is read once, at start: each case is a process of its own.
func TestEnvironment(t *testing.T) {
	const child = "BITNET_CPU_TEST_CHILD"
	if os.Getenv(child) != "" {
		fmt.Printf("level %v, error %v\n", Current(), Check())
		os.Exit(0)
	}
	best := Supported()
	type start struct{ name, want string }
	cases := []start{
		{"", fmt.Sprintf("level %v, error <nil>", best)},
		{"fast", fmt.Sprintf("level %v, error BITNET_CPU=fast: want generic, avx2 or avx512", best)},
	}
	for l := Generic; l <= AVX512; l++ {
		want := fmt.Sprintf("level %v, error <nil>", l)
		if l > best {
			want = fmt.Sprintf("level %v, error BITNET_CPU=%v: this processor has only %v", best, l, best)
		}
		cases = append(cases, start{l.String(), want})
	}
	for _, tt := range cases {
		cmd := exec.Command(os.Args[0], "-test.run=^TestEnvironment$")
		// A process under the race detector waits a second before it ends, unless told not to.
		cmd.Env = append(os.Environ(), child+"=1", "BITNET_CPU="+tt.name, "GORACE=atexit_sleep_ms=0")
		out, err := cmd.Output()
		if errors.Is(err, errors.ErrUnsupported) {
			t.Skip("no processes on this platform")
		}
		if got := strings.TrimSpace(string(out)); err != nil || got != tt.want {
			t.Errorf("BITNET_CPU=%s: %s (%v), want %s", tt.name, got, err, tt.want)
		}
	}
}
