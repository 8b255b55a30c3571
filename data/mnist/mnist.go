// Package mnist holds the MNIST data set: 60000 training and 10000 test images
// of handwritten digits, 28x28, grey. See NOTICE for its authors.
//
// Importing it adds 11 MB to a program, so no other package of the library
// does: import it where the data itself is wanted, and package data where any
// data set will do.
package mnist

import (
	"embed"

	"github.com/AlarioAI/bitnet/data"
)

//go:embed *-ubyte.gz
var files embed.FS

// Load decompresses the data set into a new data.Set of 55 MB, named mnist,
// with 10 classes and the usual normalisation, 0.1307 and 0.3081.
func Load() (*data.Set, error) {
	return data.Open(files, "mnist", 10)
}
