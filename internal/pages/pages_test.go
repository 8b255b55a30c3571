package pages

import "testing"

// An array is what make would have returned, of whatever size and for any type.
func TestMake(t *testing.T) {
	for _, n := range []int{0, 1, 1000, 1 << 15, 1<<15 + 1, 1 << 19, 1<<20 + 7, 3 << 20} {
		check(t, Make[float32](n, n+64), n)
		check(t, Make[uint8](n, n+64), n)
		check(t, Make[float64](n, n+64), n)
	}
}

func check[T uint8 | float32 | float64](t *testing.T, x []T, n int) {
	t.Helper()
	if len(x) != n || cap(x) < n+64 {
		t.Fatalf("%d values of %T, capacity %d: want %d and 64 more", len(x), x, cap(x), n)
	}
	for i, v := range x[:cap(x)] {
		if v != 0 {
			t.Fatalf("value %d of %d is %v", i, n, v)
		}
		x[:cap(x)][i] = 1
	}
}
