package gemm

import (
	"slices"

	"github.com/AlarioAI/bitnet/internal/kernel"
	"github.com/AlarioAI/bitnet/internal/parallel"
	"github.com/AlarioAI/bitnet/tensor"
)

// pixelBlock is the largest number of pixels whose values stay in the caches
// while all tiles of a task visit them.
const pixelBlock = 256

// An outerSum is how the sums of a weight gradient are cut: rows of tiles into
// strips and pixels into chunks. The pixels come in steps of one, two or four, class
// by class; the last step of a class is short of some.
type outerSum struct {
	*outerTable
	g       *gather
	n, unit int // samples; pixels in a step
	group   int // strips in a task
	chunks  int
	steps   int
	direct  bool // sums have the order of dw: those of the first chunk are added to dw itself

	dw, sums []float32 // [strips][MR][ldc], one for each chunk that is not direct
}

// outerSum returns the cut for n samples in steps of so many pixels, whose values each
// task packs for its strips, or reads in place.
func (g *gather) outerSum(p *Plan, tile kernel.OuterTile, n, unit int, packs bool) outerSum {
	if g.outer == nil || g.outer.tile != tile {
		g.outer = g.newOuterTable(p, tile)
	}
	s := outerSum{outerTable: g.outer, g: g, n: n, unit: unit}
	for i := range g.classes {
		s.steps += s.stepsOf(i)
	}
	const enough = 16 // tasks
	blocks := max(1, s.steps*unit/pixelBlock)
	s.group = min(8, len(s.strips)/enough) // these share the pixels in the cache
	if packs {
		s.group = min(8, len(s.strips)*min(blocks, enough)/8) // and what packing them costs: rather cut the pixels
	}
	s.group = max(1, s.group)
	s.chunks = max(1, min(enough/s.groups(), blocks))
	s.direct = s.ldc == s.k && slices.Equal(s.merge, []merge{{0, 0, s.k}}) && p.O/p.Groups%tile.MR == 0
	return s
}

// begin prepares the sums that end has added to dw.
func (s *outerSum) begin(arena *tensor.Arena, dw []float32) {
	s.dw = dw
	chunks := s.chunks
	if s.direct {
		chunks--
	}
	if chunks > 0 {
		s.sums = arena.Floats(chunks * len(s.strips) * s.stripLen())
	}
}

func (s *outerSum) end(workers *parallel.Pool, arena *tensor.Arena) {
	if s.sums != nil {
		parallel.Run(workers, len(s.strips), addition{*s})
		arena.Release(s.sums)
	}
}

// sumsOf returns the sums of a chunk from a strip on.
func (s *outerSum) sumsOf(chunk, strip int) []float32 {
	if s.direct {
		if chunk == 0 {
			return s.dw[strip*s.stripLen():]
		}
		chunk--
	}
	return s.sums[(chunk*len(s.strips)+strip)*s.stripLen():]
}

func (s *outerSum) stepsOf(class int) int {
	return (s.n*s.g.classes[class].size() + s.unit - 1) / s.unit
}

func (s *outerSum) groups() int { return (len(s.strips) + s.group - 1) / s.group }
func (s *outerSum) tasks() int  { return s.groups() * s.chunks }

// stripLen returns the number of values of a strip's sums.
func (s *outerSum) stripLen() int { return s.tile.MR * s.ldc }

// stripOf returns the i-th of strips' sums.
func (s *outerSum) stripOf(sums []float32, i int) []float32 {
	return sums[i*s.stripLen():][:s.stripLen()]
}

// An outerTask computes the sums of some strips over the steps [first, end).
type outerTask struct {
	strips     []strip
	sums       []float32
	first, end int
}

func (s *outerSum) task(task int) outerTask {
	first, chunk := task%s.groups()*s.group, task/s.groups()
	end := min(first+s.group, len(s.strips))
	t := outerTask{
		strips: s.strips[first:end], sums: s.sumsOf(chunk, first)[:(end-first)*s.stripLen()],
		first: s.steps * chunk / s.chunks, end: s.steps * (chunk + 1) / s.chunks,
	}
	if chunk > 0 || !s.direct {
		clear(t.sums)
	}
	return t
}

// An outerBlock are the pixels [first, first+count) of a class, counted over all
// samples.
type outerBlock struct{ class, first, count int }

// block returns the block that begins at a step.
func (s *outerSum) block(step, end int) outerBlock {
	for class := range s.g.classes {
		size := s.stepsOf(class)
		if step < size {
			first := step * s.unit
			last := min(end*s.unit, s.n*s.g.classes[class].size())
			return outerBlock{class, first, min(pixelBlock, last-first)}
		}
		step, end = step-size, end-size
	}
	panic("gemm: a step beyond the sum")
}

// windows writes where the windows of a block's pixels begin in samples of so many
// values.
func (s *outerSum) windows(rows *[pixelBlock]int, b outerBlock, length int) []int {
	return s.starts(rows, b, s.g.rows, length)
}

// starts writes where a block's pixels begin, which do so at the given values of samples
// of so many. The last one is repeated to fill steps.
func (s *outerSum) starts(rows *[pixelBlock]int, b outerBlock, at []int, length int) []int {
	i := 0
	for sample, seen := range s.g.within(b.class, b.first, b.count) {
		for _, first := range at[seen.first:seen.end] {
			rows[i] = sample*length + first
			i++
		}
	}
	for ; i%s.unit != 0; i++ {
		rows[i] = rows[b.count-1]
	}
	return rows[:i]
}

// A blockGradient says where the gradients of a block's pixels begin in dy, and
// what they are multiplied by.
type blockGradient struct {
	rows    [pixelBlock]int
	factors [pixelBlock]float32
}

// fill takes the pixels of a block in samples of so many values and returns how many
// they are. The last one, times zero, is repeated to fill steps.
func (g *blockGradient) fill(s *outerSum, b outerBlock, length int, scale []float32) int {
	n := len(s.starts(&g.rows, b, s.g.outs, length))
	i := 0
	for sample, seen := range s.g.within(b.class, b.first, b.count) {
		for range seen.end - seen.first {
			g.factors[i] = scale[sample]
			i++
		}
	}
	clear(g.factors[i:n])
	return n
}

// An addition adds the sums of strips to dw, chunk by chunk.
type addition struct{ outerSum }

func (a *addition) Chunk(_, i int) {
	total := a.sumsOf(0, i)[:a.stripLen()]
	for c := 1; c < a.chunks; c++ {
		kernel.Add(total, total, a.sumsOf(c, i)[:a.stripLen()])
	}
	if a.direct {
		return
	}
	for o := a.strips[i].first; o < a.strips[i].end; o++ {
		row := total[(o-a.strips[i].first)*a.ldc:][:a.ldc]
		for _, m := range a.merge {
			to := a.dw[o*a.k+m.k:][:m.n]
			kernel.Add(to, to, row[m.sum:][:m.n])
		}
	}
}
