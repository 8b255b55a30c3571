// Package parity compares this module with PyTorch. It is support for tests
// and imported by nothing else.
//
// The oracle is three Python files in testdata: reference.py defines the
// recipes, fill.py makes weights and inputs from names alone, generate.py
// writes the golden files beside them. [Uniform], [Fill] and [Parameter] are
// fill.py in Go, bit for bit, so a golden file holds results only.
//
// Everything here is in PyTorch's layout: NCHW images, OIHW weights,
// row-major. [tensor.ChannelsLast] and [tensor.ChannelsFirst] convert at the border.
//
// BITNET_PARITY_DIR names another folder of golden files, for instance of
// fresh inputs and weights:
//
//	python3 testdata/generate.py --salt fresh --out /tmp/fresh
//	BITNET_PARITY_DIR=/tmp/fresh go test -count=1 ./nn ./models
//
// A folder may have some of the architectures only (--only layers,resnet18).
// Those of the AlarioAI/bitnet package, se_resnet50 and crossvit, are made where
// Python can import it.
//
// # Tolerance
//
// Every golden figure exists in float64 and in float32, so the effect of
// rounding alone is known: r = |f32 - f64|. Let e = |ours - f64|, M = max|f64|
// and R = max r of the figure, and deep be every model but feedforward and
// lenet5. Then
//
//	figure               float, alario        b158, b1             b158, b1, deep
//	layer array          e <= 1e-5 M + 8 R    the same             the same
//	evaluation logits    e <= 1e-4 M + 8 R    e <= 0.05 M + 8 R    the same
//	first loss           e <= 1e-4 + 8 r      e <= 5e-3 + 8 r      e <= 1
//	second, third loss   e <= 5e-2 + 8 R *    e <= 5e-2 + 8 R      finite
//	digests, median      <= 4 r50 + 1e-4      <= 4 r50 + 2e-3      <= 0.15
//	digests, 90 %        <= 4 r90 + 5e-3      <= 4 r90 + 5e-2      <= 1.5
//	digests, each        e <= 1e-2 + 8 R      finite               finite
//
// where r50 and r90 are quantiles of the digests' r, and * asks for no more
// than a finite loss if r90 is 1e-3 or above.
//
// The digests of one model and recipe are taken together: the e and r of both
// numbers of every [Digest], divided by its norm, or by 1e-4 of the median norm
// where that is larger.
//
// The bounds are what PyTorch itself keeps when it uses another convolution
// algorithm. They are wide for deep quantised models in training mode because
// a code on a rounding boundary flips for any change of rounding, and batch
// norm over few values carries one flip into everything after it. The layer
// arrays, the evaluation logits and the unquantised models pin down the rest.
package parity
