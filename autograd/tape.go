// Package autograd computes operations on tensors and, on the way back, their
// gradients. One file holds one operation, its backward pass beside its
// forward pass; the gradient of x is called dx.
//
// A Tape remembers the operations of a forward pass and owns their buffers.
// There is no global state: whatever runs takes the tape it runs on.
package autograd

import (
	"fmt"

	"github.com/AlarioAI/bitnet/internal/gemm"
	"github.com/AlarioAI/bitnet/internal/kernel"
	"github.com/AlarioAI/bitnet/internal/pages"
	"github.com/AlarioAI/bitnet/internal/parallel"
	"github.com/AlarioAI/bitnet/tensor"
)

// An Op is one recorded operation.
type Op interface {
	// Backward adds to the gradients of the operation's operands, given the
	// gradient of its result.
	Backward(t *Tape)
}

// A Tape records operations. It belongs to one goroutine; inside an operation
// the work is shared among its workers.
type Tape struct {
	workers   *parallel.Pool
	arena     *tensor.Arena // nil: every result is a fresh allocation
	recording bool

	ops     []Op // reused from step to step, so that a steady state allocates no op
	results []*tensor.Tensor
	used    int

	measurings []*measuring // reused as the ops are
	measured   int

	shared []sharing // gradients that more than one tensor holds
	second []addend  // gradients yet to be added to others

	plans  map[gemm.Conv]*gemm.Plan
	frozen map[*float32]any // by the first value of a weight; nil unless frozen
	kept   *tensor.Arena    // the buffers of frozen
}

// NewTape returns a tape that records and reuses its buffers: after Reset, no
// tensor it made may be used any more. A nil pool works on the caller's
// goroutine only.
func NewTape(workers *parallel.Pool) *Tape {
	return &Tape{workers: workers, arena: new(tensor.Arena), recording: true, plans: map[gemm.Conv]*gemm.Plan{}}
}

// Untaped returns a tape that records nothing and whose results are ordinary
// tensors, for a forward pass now and then.
func Untaped() *Tape { return &Tape{plans: map[gemm.Conv]*gemm.Plan{}} }

// Dry returns a tape on which nothing is computed: results have the right shape
// and no meaningful values.
func Dry() *Tape {
	t := Untaped()
	t.workers = parallel.Idle()
	return t
}

// Record switches recording on or off. A forward pass without it cannot be
// followed by Backward.
func (t *Tape) Record(on bool) { t.recording = on }

// Recording reports whether operations are recorded.
func (t *Tape) Recording() bool { return t.recording }

// Reset forgets all operations and takes back all buffers.
func (t *Tape) Reset() {
	t.used, t.measured = 0, 0
	t.shared, t.second = t.shared[:0], t.second[:0]
	t.arena.Reset()
}

// Workers returns the pool on which operations share out their work.
func (t *Tape) Workers() *parallel.Pool { return t.workers }

// Arena returns the lender of the tape's buffers.
func (t *Tape) Arena() *tensor.Arena { return t.arena }

// Plan returns the plan of a geometry, made once.
func (t *Tape) Plan(c gemm.Conv) *gemm.Plan {
	p := t.plans[c]
	if p == nil {
		p = gemm.NewPlan(c)
		t.plans[c] = p
	}
	return p
}

// Needs reports whether an operation with these operands has to be recorded.
func (t *Tape) Needs(operands ...*tensor.Tensor) bool {
	if t.recording {
		for _, x := range operands {
			if x != nil && x.NeedGrad {
				return true
			}
		}
	}
	return false
}

// Push records an operation of type O whose result is y and returns it for
// filling in; all its fields must be set, since it may have served before.
func Push[O any, P interface {
	*O
	Op
}](t *Tape, y *tensor.Tensor) *O {
	y.NeedGrad = true
	if t.used == len(t.ops) {
		t.ops, t.results = append(t.ops, nil), append(t.results, nil)
	}
	op, ok := t.ops[t.used].(P)
	if !ok {
		op = new(O)
		t.ops[t.used] = op
	}
	t.results[t.used] = y
	t.used++
	return op
}

// Backward computes the gradient of loss, a tensor of one element, with
// respect to everything it was computed from. Gradients of parameters are
// added to what they hold; those of intermediate results are given up as soon
// as they have been used.
func (t *Tape) Backward(loss *tensor.Tensor) {
	if len(loss.Data) != 1 {
		panic(fmt.Sprintf("autograd.Backward: the loss has shape %v, want one element", loss.Shape))
	}
	t.BackwardFrom(loss, []float32{1})
}

// BackwardFrom is Backward for a result y of any shape whose own gradient is
// dy; it propagates the vector-Jacobian product.
func (t *Tape) BackwardFrom(y *tensor.Tensor, dy []float32) {
	if len(dy) != len(y.Data) {
		panic(fmt.Sprintf("autograd.BackwardFrom: shape %v has no gradient of %d elements", y.Shape, len(dy)))
	}
	y.Grad = t.arena.Floats(len(dy))
	copy(y.Grad, dy)
	for i := t.used - 1; i >= 0; i-- {
		r := t.results[i]
		if r.Grad == nil {
			continue
		}
		more := t.takeSecond(r)
		if op, ok := t.ops[i].(summer); ok {
			op.backwardSum(t, more)
		} else {
			t.sum(r, more)
			t.ops[i].Backward(t)
		}
		t.release(r.Grad)
		r.Grad = nil
	}
	for len(t.second) > 0 {
		x := t.second[0].x
		t.sum(x, t.takeSecond(x))
	}
}

// ParamGrad returns the buffer to which the gradient of a parameter is added.
func ParamGrad(w *tensor.Tensor) []float32 {
	if w.Grad == nil {
		w.Grad = pages.Make[float32](len(w.Data), len(w.Data))
	}
	return w.Grad
}

// Blocks calls f for the parts of [0, n) that elementwise work is shared out in.
func (t *Tape) Blocks(n int, f func(lo, hi int)) {
	blocks(t, n, f, func(f *func(lo, hi int), lo, hi int) { (*f)(lo, hi) })
}

// blocks is Blocks with some values that f gets, so that it need not capture them
// (see parallel.Share).
func blocks[T any](t *Tape, n int, work T, f func(work *T, lo, hi int)) {
	const block = 1 << 14
	parallel.Blocks(t.workers, n, block, work, f)
}

// arrays of one length are what a map works on.
type arrays struct{ y, x, z []float32 }

// cut returns the elements [lo, hi) of all three; those that are nil stay nil.
func (a *arrays) cut(lo, hi int) (y, x, z []float32) {
	part := func(v []float32) []float32 {
		if v == nil {
			return nil
		}
		return v[lo:hi]
	}
	return part(a.y), part(a.x), part(a.z)
}

// target returns where to write a new array, which is read again when the whole of
// it has been written.
func target(y []float32) kernel.Target {
	const cached = 4 << 20 // values that may still be in the caches then
	return kernel.Target(len(y) > cached)
}

// mismatch panics for operands that do not fit each other.
func mismatch(op string, want string, got ...tensor.Shape) {
	panic(fmt.Sprintf("autograd.%s: got shapes %v, want %s", op, got, want))
}
