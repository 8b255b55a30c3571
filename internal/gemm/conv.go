package gemm

import "fmt"

// A Conv is the geometry of a convolution over NHWC images: PyTorch's
// nn.Conv2d, rectangles included. The weight is stored [O, KH, KW, C/Groups].
type Conv struct {
	H, W   int // input rows and columns
	C, O   int // input and output channels
	KH, KW int // filter
	SH, SW int // stride
	PH, PW int // zero padding on both sides
	DH, DW int // dilation
	Groups int
}

// Linear returns the geometry of a product with a weight [O, K].
func Linear(k, o int) Conv {
	return Conv{H: 1, W: 1, C: k, O: o, KH: 1, KW: 1, SH: 1, SW: 1, DH: 1, DW: 1, Groups: 1}
}

// OutH returns the number of output rows.
func (c Conv) OutH() int { return (c.H+2*c.PH-c.DH*(c.KH-1)-1)/c.SH + 1 }

// OutW returns the number of output columns.
func (c Conv) OutW() int { return (c.W+2*c.PW-c.DW*(c.KW-1)-1)/c.SW + 1 }

// K returns the length of one inner product: KH*KW*C/Groups.
func (c Conv) K() int { return c.KH * c.KW * c.C / c.Groups }

// String names the geometry in panics.
func (c Conv) String() string {
	return fmt.Sprintf("conv %dx%dx%d -> %d, filter %dx%d, stride %dx%d, padding %dx%d, dilation %dx%d, groups %d",
		c.H, c.W, c.C, c.O, c.KH, c.KW, c.SH, c.SW, c.PH, c.PW, c.DH, c.DW, c.Groups)
}

// check panics unless the geometry makes sense.
func (c Conv) check() {
	switch {
	case c.H < 1 || c.W < 1 || c.C < 1 || c.O < 1 || c.KH < 1 || c.KW < 1 || c.SH < 1 || c.SW < 1 ||
		c.DH < 1 || c.DW < 1 || c.PH < 0 || c.PW < 0 || c.Groups < 1:
		panic(fmt.Sprintf("gemm: %v: a length is out of range", c))
	case c.C%c.Groups != 0 || c.O%c.Groups != 0:
		panic(fmt.Sprintf("gemm: %v: channels are not divisible by groups", c))
	case c.H+2*c.PH < c.DH*(c.KH-1)+1 || c.W+2*c.PW < c.DW*(c.KW-1)+1:
		panic(fmt.Sprintf("gemm: %v: the filter is larger than the padded image", c))
	}
}
