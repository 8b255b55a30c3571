package kernel

// A Segment is a part of the inner products of a tile: A begins at this offset
// in every row of A, and meets the panel from its step B on. A step is a row of
// a float32 panel, four rows of int8 codes, twelve of a ternary panel.
type Segment = struct{ A, B int }

// steps returns how many steps a panel needs for segments of the given length;
// a negative length is returned as it is.
func steps(segs []Segment, length int) int {
	n := min(length, 0)
	for _, s := range segs {
		n = max(n, s.B+length)
	}
	return n
}
