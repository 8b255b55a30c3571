// Package gemm turns linear layers and convolutions, their input gradients
// and their weight gradients into the tiles of package kernel: it knows
// geometry, packing, blocking and threads.
//
// A linear layer is a convolution with a 1x1 filter over M "images" of one
// pixel, so there is one path for all of them. Every row of a product is a fixed
// pattern of segments at an offset. Pixels are ordered by what they see of the
// image, and the taps that see padding are left out, so that no kernel meets an
// edge and nothing is multiplied by zeros (see gather). Where a batch is too
// small to fill tiles with pixels of one kind, images are first copied into a
// frame of zeros; codes always have one, since quantisation writes them into it
// at no cost.
//
// Each product has a form for codes: outputs are sums of exact integers (see
// ForwardCodes), products with ternary weights are looked up for input gradients (see
// InputGradientCodes), and weight gradients multiply codes by digits of the output
// gradient (see WeightGradientCodes) or in bfloat16 (see WeightGradientBF16). What
// follows a product in evaluation, or a batch norm's statistics in training, may be
// computed as it is stored (see Finish).
//
// Some convolutions take another path behind the same methods: a depthwise one has
// kernels of its own and no frame, one with groups of few channels is computed with
// several groups put together, and the input gradient of few channels is folded.
//
// No element of an output or of an input gradient depends on how the work is cut.
// Weight gradients and statistics are sums over pixels, cut into chunks that depend
// on the problem only and are added up in order.
package gemm
