// Package tensor holds what every layer of the engine passes around: shapes,
// dense float32 arrays, a pool of reusable buffers and random streams.
//
// Images are stored NHWC: the channel is the fastest axis. The letters are the
// same everywhere in this module: N samples, H rows, W columns, C input
// channels, O output channels, K the length of an inner product, M the number
// of rows of a matrix product.
package tensor
