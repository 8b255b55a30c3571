package data

import (
	"encoding/binary"

	"github.com/AlarioAI/bitnet/internal/kernel"
)

// A scratch is a goroutine's memory for an image between its steps.
type scratch struct {
	pixels  []uint8 // (h, w, C), decoded
	row     []uint8 // (w, C), cropped and flipped
	rows    []uint8 // (h, W, C), resized along the rows
	band    []uint8 // some rows (W, C) of the result
	colours []uint8 // some rows (W, 3), made of grey ones
}

// bandSize is about the number of bytes that are made before they are
// normalised: few enough to stay in the nearest cache, and enough that the
// processor is done with writing single bytes before it reads them as vectors.
const bandSize = 4096

// grown returns the first n bytes of a buffer, which grows where it is too short.
func grown(buf *[]uint8, n int) []uint8 {
	if cap(*buf) < n {
		*buf = make([]uint8, n)
	}
	return (*buf)[:n]
}

// render makes an image of an epoch, x (H, W, C), out of the one of an index. It
// goes through the steps a few rows at a time.
func (l *Loader) render(x []float32, s *scratch, epoch, index int) {
	v := view{c: l.images.C}
	v.pixels, v.h, v.w = l.images.decode(index, &s.pixels)
	if l.config.augments() {
		v.draw(&l.config, epoch, index)
	}
	var along []uint8
	across := l.filters[v.h]
	resizes := v.h != l.h || v.w != l.w
	if resizes {
		along = l.along(s, &v)
	} else if !v.moved() && l.c == v.c {
		kernel.Normalise(x, v.pixels, l.by)
		return
	}
	size := l.w * v.c
	rows := min(max(1, bandSize/size), l.h)
	band := grown(&s.band, rows*size)
	for first := 0; first < l.h; first += rows {
		n := min(rows, l.h-first)
		for k := range n {
			if row := band[k*size:][:size]; resizes {
				across.across(row, along, first+k)
			} else {
				v.write(row, first+k)
			}
		}
		bytes := band[:n*size]
		if l.c > v.c {
			bytes = grown(&s.colours, 3*n*size)
			repeat(bytes, band[:n*size])
		}
		kernel.Normalise(x[first*l.w*l.c:][:len(bytes)], bytes, l.by)
	}
}

// along returns the rows (h, W, C) of a view, each resized.
func (l *Loader) along(s *scratch, v *view) []uint8 {
	f, from, to := l.filters[v.w], v.w*v.c, l.w*v.c
	rows, buf := grown(&s.rows, v.h*to), grown(&s.row, from)
	for y := range v.h {
		row := buf
		if v.moved() {
			v.write(buf, y)
		} else {
			row = v.pixels[y*from:][:from]
		}
		f.along(rows[y*to:][:to], row, v.c)
	}
	return rows
}

// repeat computes dst[3i+c] = src[i] for c = 0, 1, 2. Eight pixels at a time are
// three words.
func repeat(dst, src []uint8) {
	const two, three = 0x0101, 0x010101
	for len(src) >= 8 {
		s, d := (*[8]uint8)(src), (*[24]uint8)(dst)
		binary.LittleEndian.PutUint64(d[:], uint64(s[0])*three|uint64(s[1])*three<<24|uint64(s[2])*two<<48)
		binary.LittleEndian.PutUint64(d[8:], uint64(s[2])|uint64(s[3])*three<<8|uint64(s[4])*three<<32|uint64(s[5])<<56)
		binary.LittleEndian.PutUint64(d[16:], uint64(s[5])*two|uint64(s[6])*three<<16|uint64(s[7])*three<<40)
		dst, src = dst[24:], src[8:]
	}
	for i, p := range src {
		dst[3*i], dst[3*i+1], dst[3*i+2] = p, p, p
	}
}
