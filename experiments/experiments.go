// Package experiments holds the configurations of this folder that the program
// carries with it.
package experiments

import _ "embed"

// MNIST is mnist.yaml.
//
//go:embed mnist.yaml
var MNIST []byte
