// Package gemm turns linear layers and convolutions, their input gradients
// and their weight gradients into the tiles of package kernel: it knows
// geometry, packing, blocking and threads.
//
// A linear layer is a convolution with a 1x1 filter over M "images" of one
// pixel, so there is one path for all of them. Images with padding are first
// copied into a frame (zeros, or the code of zero, around each image); from
// then on every row of the product is a fixed pattern of segments at an offset,
// and no kernel meets an edge. The copy costs little beside the product, and
// none for codes, which quantisation writes into the frame in the first place.
//
// Two kinds of convolutions take another path behind the same methods: a
// depthwise one has kernels of its own and no frame, and one with groups of few
// channels is computed with several groups put together.
package gemm
