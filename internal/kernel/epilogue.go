package kernel

import "fmt"

// Epilogues carry a finished tile from the accumulators' scratch memory to the
// output, and do on the way what would else need another pass over it.

// StoreF32 writes the first len(outs) rows and n columns of a float32 tile of
// width ldc to an output whose row i starts at dst[outs[i]]:
//
//	dst[outs[i]+j] = c[i*ldc+j] + bias[j]
//
// for i < len(outs), j < n. A nil bias adds nothing.
func StoreF32(dst []float32, outs []int, c []float32, ldc, n int, bias []float32) {
	if !within(len(dst), outs, n) || !isTile(len(c), len(outs), ldc, n) || bias != nil && len(bias) < n {
		panic(storeMistake("StoreF32", len(dst), len(outs), len(c), ldc, n, len(bias)))
	}
	storeF32(dst, outs, c, ldc, n, bias)
}

func storeF32Generic(dst []float32, outs []int, c []float32, ldc, n int, bias []float32) {
	for i, o := range outs {
		out := dst[o:][:n]
		copy(out, c[i*ldc:][:n])
		if bias != nil {
			for j, b := range bias[:n] {
				out[j] += b
			}
		}
	}
}

// StoreI32 turns a tile of integer sums into float32. The activations in the
// sums were stored with 128 added (see QuantiseU8), which added
// 128*sum(weights of column j) = offset[j]:
//
//	dst[outs[i]+j] = float32(c[i*ldc+j]-offset[j])*scale[i] + bias[j]
//
// for i < len(outs), j < n; the product is rounded before the sum, on every
// level. A nil bias adds nothing.
func StoreI32(dst []float32, outs []int, c []int32, ldc, n int, offset []int32, scale, bias []float32) {
	if !within(len(dst), outs, n) || !isTile(len(c), len(outs), ldc, n) || bias != nil && len(bias) < n {
		panic(storeMistake("StoreI32", len(dst), len(outs), len(c), ldc, n, len(bias)))
	}
	if len(offset) < n || len(scale) < len(outs) {
		panic(fmt.Sprintf("kernel.StoreI32: %d offsets for %d columns, %d scales for %d rows", len(offset), n, len(scale), len(outs)))
	}
	storeI32(dst, outs, c, ldc, n, offset, scale, bias)
}

func storeI32Generic(dst []float32, outs []int, c []int32, ldc, n int, offset []int32, scale, bias []float32) {
	for i, o := range outs {
		out := dst[o:][:n]
		for j, v := range c[i*ldc:][:n] {
			out[j] = float32(float32(v-offset[j]) * scale[i])
		}
		if bias != nil {
			for j, b := range bias[:n] {
				out[j] += b
			}
		}
	}
}

// FinishRows turns rows of n columns, which have just been stored, into
//
//	v = dst[outs[i]+j]*scale[j] + shift[j] + other[outs[i]+j]
//	dst[outs[i]+j] = floor where v < floor, ceil where v > ceil, v elsewhere
//
// for i < len(outs), j < n and floor <= ceil, every operation rounded for itself:
// a batch norm, a shortcut and a ReLU. A nil other adds nothing, and a bound that is
// a NaN is none.
func FinishRows(dst []float32, outs []int, n int, scale, shift, other []float32, floor, ceil float32) {
	if n < 0 || !within(len(dst), outs, n) || len(scale) < n || len(shift) < n || other != nil && !within(len(other), outs, n) {
		panic(fmt.Sprintf("kernel.FinishRows: %d rows of %d columns of %d values, with %d factors, %d summands and %d others",
			len(outs), n, len(dst), len(scale), len(shift), len(other)))
	}
	finishRows(dst, outs, n, scale, shift, other, floor, ceil)
}

func finishRowsGeneric(dst []float32, outs []int, n int, scale, shift, other []float32, floor, ceil float32) {
	for _, o := range outs {
		for j := range n {
			v := float32(dst[o+j]*scale[j]) + shift[j]
			if other != nil {
				v += other[o+j]
			}
			if v < floor {
				v = floor
			}
			if v > ceil {
				v = ceil
			}
			dst[o+j] = v
		}
	}
}

// MeasureRows adds sums over rows of n columns, which have just been stored, around
// a center of each column:
//
//	sum[j]    += sum(i) (x[outs[i]+j] - center[j])
//	square[j] += sum(i) (x[outs[i]+j] - center[j])^2
//
// for j < n. The rows' own sums begin at zero; they agree within rounding on all
// levels. That the rows lie in x is up to the caller, who has stored them.
func MeasureRows(sum, square, x []float32, outs []int, n int, center []float32) {
	if n < 0 || len(sum) < n || len(square) < n || len(center) < n {
		panic(fmt.Sprintf("kernel.MeasureRows: %d rows of %d columns of %d values, with %d sums, %d squares and %d centers",
			len(outs), n, len(x), len(sum), len(square), len(center)))
	}
	measureRows(sum, square, x, outs, n, center)
}

func measureRowsGeneric(sum, square, x []float32, outs []int, n int, center []float32) {
	for j := range n {
		var s, q float32
		for _, o := range outs {
			d := x[o+j] - center[j]
			s += d
			q += d * d
		}
		sum[j] += s
		square[j] += q
	}
}

// within reports whether rows of n values at the offsets lie in an array of
// size values.
func within(size int, offsets []int, n int) bool {
	last := size - n
	outside := 0 // negative once an offset is not in [0, last]
	for _, o := range offsets {
		outside |= o | (last - o)
	}
	return outside >= 0
}

// isTile reports whether size values hold rows of n values with a stride of ldc.
func isTile(size, rows, ldc, n int) bool {
	return 0 <= n && n <= ldc && (rows-1)*ldc+n <= size
}

func storeMistake(op string, dst, rows, c, ldc, n, bias int) string {
	return fmt.Sprintf("kernel.%s: %d rows of %d columns from a tile of %d values, %d wide, to %d values, with %d of bias",
		op, rows, n, c, ldc, dst, bias)
}
