package parallel

import "sync/atomic"

// A deque is what is left of the chunks that one worker should do. It gets the same
// part of each job: what it wrote in one operation is then in its own cache in the
// next one, and what the processor reads ahead is its own, too. Others steal from
// the end once they are through with theirs.
type deque struct {
	left atomic.Uint64 // [first, end) in its halves
	_    [120]byte     // no two deques in a pair of cache lines
}

func packed(first, end int) uint64 { return uint64(first)<<32 | uint64(end) }

func (d *deque) fill(first, end int) { d.left.Store(packed(first, end)) }

// take takes some of the chunks, less and less of them so that all workers end at
// about the same time: the owner the first, others the last.
func (d *deque) take(owner bool) (from, to int) {
	const part = 8
	for {
		left := d.left.Load()
		first, end := int(left>>32), int(left&(1<<32-1))
		if first == end {
			return 0, 0
		}
		from, to = first, first+(end-first+part-1)/part
		rest := packed(to, end)
		if !owner {
			from, to = end-(to-from), end
			rest = packed(first, from)
		}
		if d.left.CompareAndSwap(left, rest) {
			return from, to
		}
	}
}
