// Package bitnet is the root of a module that trains, evaluates and ships
// neural networks whose weights are -1, 0 or +1.
//
// It has no code of its own. The packages a program starts from are nn
// (layers, and the swap of a model's layers for ternary ones), models (the
// architectures), train (the loop) and infer (the packed engine). The command
// is cmd/bitnet.
package bitnet
