package cli

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/AlarioAI/bitnet/experiment"
	"github.com/AlarioAI/bitnet/train"
)

// A screen is what a terminal shows of the bytes it was sent. It knows what a
// progress sends and fails the test for anything else.
type screen struct {
	t           *testing.T
	lines       []string
	row, column int
}

func (s *screen) Write(b []byte) (int, error) {
	for text := string(b); text != ""; {
		var up, length int
		switch {
		case text[0] == '\r':
			s.column, length = 0, 1
		case text[0] == '\n':
			s.row, s.column, length = s.row+1, 0, 1
		case strings.HasPrefix(text, "\x1b[J"):
			s.lines = s.lines[:min(s.row+1, len(s.lines))]
			s.lines[s.row], length = s.lines[s.row][:s.column], 3
		case text[0] == '\x1b':
			if n, err := fmt.Sscanf(text, "\x1b[%dA", &up); n != 1 || err != nil || up > s.row {
				s.t.Fatalf("the terminal got %q in row %d", text, s.row)
			}
			s.row -= up
			length = strings.Index(text, "A") + 1
		default:
			length = strings.IndexAny(text+"\n", "\r\n\x1b")
			for len(s.lines) <= s.row {
				s.lines = append(s.lines, "")
			}
			s.lines[s.row] = s.lines[s.row][:s.column] + text[:length]
			s.column += length
		}
		text = text[length:]
	}
	return len(b), nil
}

// expect compares the screen, the empty line where the cursor waits excepted.
func (s *screen) expect(want ...string) {
	s.t.Helper()
	got := s.lines
	if n := len(got); n > 0 && got[n-1] == "" {
		got = got[:n-1]
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		s.t.Errorf("the screen shows\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func newTask(number int) experiment.Task {
	return experiment.Task{Run: experiment.Run{Key: experiment.Key{Data: "mnist", Architecture: "lenet5", Recipe: "b158", Seed: uint64(number)}}, Number: number, Of: 4}
}

func TestProgressOnATerminal(t *testing.T) {
	s, width := &screen{t: t}, 100
	p := &progress{out: s, size: func() (int, int) { return width, 10 }}
	step := func(number, step int) {
		p.last = time.Time{} // as if some time had passed
		p.step(newTask(number), train.Progress{Epoch: 1, Epochs: 5, Step: step, Steps: 20, Loss: 0.25, ImagesPerSecond: 12345, Left: 65 * time.Second})
	}
	p.start(newTask(1))
	step(1, 5)
	s.expect("[1/4] mnist lenet5 b158 seed 1 epoch 2/5 [===           ] 5/20 loss 0.2500 12345 images/s 1:05 left")
	p.start(newTask(2))
	step(1, 20)
	s.expect("[1/4] mnist lenet5 b158 seed 1 epoch 2/5 [=============] 20/20 loss 0.2500 12345 images/s 1:05 left", "[2/4] mnist lenet5 b158 seed 2")
	width = 30
	step(2, 1)
	s.expect("[1/4] mnist lenet5 b158 seed ", "[2/4] mnist lenet5 b158 seed ")
	width = 80
	p.done(newTask(1), train.Result{TestAccuracy: 0.985, BestEpoch: 3, Epochs: make([]train.Epoch, 5)})
	final := "[1/4] mnist lenet5 b158 seed 1: test accuracy 98.50 %, best epoch 4 of 5, 0:00"
	s.expect(final, "[2/4] mnist lenet5 b158 seed 2 epoch 2/5 1/20 loss 0.2500 12345 images/s 1:05 l")
	p.close() // as when interrupted
	s.expect(final)
	if p.count() != 1 {
		t.Errorf("%d runs counted", p.count())
	}
}

func TestProgressDrawsTenTimesASecond(t *testing.T) {
	var out bytes.Buffer
	p := &progress{out: &out, size: func() (int, int) { return 100, 10 }}
	p.start(newTask(1))
	p.last = time.Now().Add(time.Hour) // drawn just now, on any machine
	for i := range 1000 {
		p.step(newTask(1), train.Progress{Step: i, Steps: 1000})
	}
	if out.Len() > 0 {
		t.Errorf("drawn: %q", out.String())
	}
}

func TestProgressInALog(t *testing.T) {
	var out bytes.Buffer
	p := &progress{out: &out}
	p.start(newTask(1))
	p.step(newTask(1), train.Progress{Step: 1, Steps: 2})
	p.epoch(newTask(1), train.Progress{Epoch: 4, Epochs: 5, ImagesPerSecond: 1000.4, Left: 3700 * time.Second, Last: &train.Epoch{TrainLoss: 0.5, ValLoss: 0.25, ValAccuracy: 0.975}})
	p.done(newTask(1), train.Result{TestAccuracy: 0.5, Epochs: make([]train.Epoch, 5)})
	p.close()
	want := "[1/4] mnist lenet5 b158 seed 1: epoch 5/5, training loss 0.5000, validation loss 0.2500, validation accuracy 97.50 %, 1000 images/s, 1:01:40 left\n" +
		"[1/4] mnist lenet5 b158 seed 1: test accuracy 50.00 %, best epoch 1 of 5, 0:00\n"
	if out.String() != want {
		t.Errorf("got\n%swant\n%s", out.String(), want)
	}
}

func TestShellCommand(t *testing.T) {
	args := []string{"./bitnet", "run", "my file.yaml", "--out=a/b-c_d", "it's", "", "$HOME", "x;y", "été"}
	if got, want := shellCommand(args), `./bitnet run 'my file.yaml' --out=a/b-c_d 'it'\''s' '' '$HOME' 'x;y' été`; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
