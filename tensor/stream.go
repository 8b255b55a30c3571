package tensor

import (
	"math"
	"math/bits"
)

// A Stream is a sequence of random numbers that depends on nothing but the
// keys it was made with: (seed, purpose, epoch, index, ...). Code that needs
// chance makes a stream for its purpose instead of drawing from shared state,
// so a draw is the same whatever ran before it, on any number of threads, and
// after a resume.
//
// The generator is SplitMix64 (Steele, Lea and Flood, "Fast splittable
// pseudorandom number generators", OOPSLA 2014); the keys choose its start.
type Stream struct{ state uint64 }

const golden = 0x9E3779B97F4A7C15

// NewStream returns the stream of (seed, purpose, keys...).
func NewStream(seed uint64, purpose string, keys ...uint64) *Stream {
	h := uint64(0xCBF29CE484222325) // FNV-1a of the purpose
	for i := 0; i < len(purpose); i++ {
		h = (h ^ uint64(purpose[i])) * 0x100000001B3
	}
	state := mix(seed+golden) ^ h
	for _, k := range keys {
		state = mix(state+golden) ^ mix(k+golden)
	}
	return &Stream{state: mix(state)}
}

func mix(z uint64) uint64 {
	z = (z ^ z>>30) * 0xBF58476D1CE4E5B9
	z = (z ^ z>>27) * 0x94D049BB133111EB
	return z ^ z>>31
}

// Uint64 returns 64 random bits.
func (r *Stream) Uint64() uint64 {
	r.state += golden
	return mix(r.state)
}

// Float32 returns a uniform draw from [0, 1), a multiple of 2^-24.
func (r *Stream) Float32() float32 { return float32(r.Uint64()>>40) / (1 << 24) }

// Float64 returns a uniform draw from [0, 1), a multiple of 2^-53.
func (r *Stream) Float64() float64 { return float64(r.Uint64()>>11) / (1 << 53) }

// Normal returns a standard normal draw (Box and Muller, 1958).
func (r *Stream) Normal() float64 {
	u := 1 - r.Float64() // in (0, 1], so its logarithm is finite
	return math.Sqrt(-2*math.Log(u)) * math.Cos(2*math.Pi*r.Float64())
}

// Intn returns a uniform draw from [0, n). It panics if n <= 0.
func (r *Stream) Intn(n int) int {
	if n <= 0 {
		panic("tensor.Stream.Intn: n must be positive")
	}
	// Lemire, "Fast random integer generation in an interval", 2019.
	hi, lo := bits.Mul64(r.Uint64(), uint64(n))
	if lo < uint64(n) {
		for threshold := -uint64(n) % uint64(n); lo < threshold; {
			hi, lo = bits.Mul64(r.Uint64(), uint64(n))
		}
	}
	return int(hi)
}

// Perm returns a random permutation of [0, n).
func (r *Stream) Perm(n int) []int {
	p := make([]int, n)
	for i := range p {
		j := r.Intn(i + 1)
		p[i] = p[j]
		p[j] = i
	}
	return p
}
