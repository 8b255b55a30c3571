package cli

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"

	"github.com/AlarioAI/bitnet/experiment"
	"github.com/AlarioAI/bitnet/train"
)

// A progress shows how runs get on: on a terminal as a line for each run under
// way, which is redrawn until a final one takes its place; in a log as a line
// for each epoch. Its methods may be called by several goroutines.
type progress struct {
	out  io.Writer
	size func() (width, height int) // of the terminal; nil for a log

	mu    sync.Mutex
	tasks []*task // under way, in the order of their start
	drawn int     // lines of them on the screen, the cursor at the end of the last
	last  time.Time
	ended int
}

type task struct {
	experiment.Task
	at    train.Progress
	began time.Time
}

// redraw is the least time between two drawings.
const redraw = 100 * time.Millisecond

func newProgress(out *os.File) *progress {
	fd := int(out.Fd())
	if !term.IsTerminal(fd) || os.Getenv("TERM") == "dumb" || runtime.GOOS == "windows" { // where the cursor may not move
		return &progress{out: out}
	}
	return &progress{out: out, size: func() (width, height int) {
		width, height, err := term.GetSize(fd)
		if err != nil || width == 0 || height == 0 {
			return 80, 24
		}
		return width, height
	}}
}

func (p *progress) start(t experiment.Task) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tasks = append(p.tasks, &task{Task: t, began: time.Now()})
}

func (p *progress) step(t experiment.Task, at train.Progress) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.task(t).at = at
	if p.size != nil && time.Since(p.last) >= redraw {
		p.draw("")
	}
}

func (p *progress) epoch(t experiment.Task, at train.Progress) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.task(t).at = at
	if p.size == nil {
		fmt.Fprintf(p.out, "%s: epoch %d/%d, training loss %.4f, validation loss %.4f, validation accuracy %.2f %%, %.0f images/s, %s left\n",
			title(t), at.Epoch+1, at.Epochs, at.Last.TrainLoss, at.Last.ValLoss, 100*at.Last.ValAccuracy, at.ImagesPerSecond, clock(at.Left))
	}
}

func (p *progress) done(t experiment.Task, r train.Result) {
	p.mu.Lock()
	defer p.mu.Unlock()
	ended := p.task(t)
	p.tasks = slices.DeleteFunc(p.tasks, func(other *task) bool { return other == ended })
	p.ended++
	p.draw(fmt.Sprintf("%s: test accuracy %.2f %%, best epoch %d of %d, %s", title(t), 100*r.TestAccuracy, r.BestEpoch+1, len(r.Epochs), clock(time.Since(ended.began))))
}

func (p *progress) warn(t experiment.Task, warning string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.draw(fmt.Sprintf("%s: warning: %s", title(t), warning))
}

// close clears the lines of runs that did not end.
func (p *progress) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tasks = nil
	p.draw("")
}

// count returns how many runs were done.
func (p *progress) count() int { return p.ended }

// task returns the state of a run that has started.
func (p *progress) task(t experiment.Task) *task {
	for _, s := range p.tasks {
		if s.Number == t.Number {
			return s
		}
	}
	panic(fmt.Sprintf("cli: progress of run %d, which has not started", t.Number))
}

// draw replaces the lines on the screen: by a line that stays, if there is one,
// and those of the runs under way. It writes once, so that nothing flickers.
func (p *progress) draw(stays string) {
	var b strings.Builder
	if p.drawn > 0 {
		b.WriteByte('\r')
		if p.drawn > 1 {
			fmt.Fprintf(&b, "\x1b[%dA", p.drawn-1)
		}
		b.WriteString("\x1b[J")
	}
	if stays != "" {
		b.WriteString(stays + "\n")
	}
	p.drawn = 0
	if p.size != nil {
		width, height := p.size()
		for i, t := range p.tasks[:min(len(p.tasks), max(1, height-1))] {
			if i > 0 {
				b.WriteByte('\n')
			}
			b.WriteString(fit(t, width-1)) // a full line would wrap on some terminals
			p.drawn++
		}
	}
	p.last = time.Now()
	fmt.Fprint(p.out, b.String())
}

// fit writes the state of a run in at most width columns. The bar takes what
// the text leaves.
func fit(t *task, width int) string {
	at := t.at
	head := title(t.Task)
	if at.Steps == 0 {
		return cut(head, width)
	}
	head += fmt.Sprintf(" epoch %d/%d ", at.Epoch+1, at.Epochs)
	tail := fmt.Sprintf(" %d/%d loss %.4f %.0f images/s", at.Step, at.Steps, at.Loss, at.ImagesPerSecond)
	if at.Left > 0 {
		tail += " " + clock(at.Left) + " left"
	}
	bar := ""
	if room := min(width-len(head)-len(tail)-2, 30); room >= 5 {
		full := room * at.Step / at.Steps
		bar = "[" + strings.Repeat("=", full) + strings.Repeat(" ", room-full) + "]"
	} else {
		head = strings.TrimSuffix(head, " ")
	}
	return cut(head+bar+tail, width)
}

func cut(s string, width int) string {
	if r := []rune(s); len(r) > width {
		return string(r[:max(width, 0)])
	}
	return s
}

func title(t experiment.Task) string { return fmt.Sprintf("[%d/%d] %v", t.Number, t.Of, t.Key) }

// clock writes a duration as 1:05 or 2:01:05.
func clock(d time.Duration) string {
	s := int(d.Round(time.Second).Seconds())
	if s < 3600 {
		return fmt.Sprintf("%d:%02d", s/60, s%60)
	}
	return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
}
