package weights

import (
	"fmt"

	"github.com/AlarioAI/bitnet/models"
)

// Identify returns what network a file has the weights of: what Save noted, or
// else the architecture whose tensors have the names and shapes of the file's.
func Identify(f File, name string) (*Network, error) {
	n, err := NetworkOf(f, name)
	if n != nil || err != nil {
		return n, err
	}
	names := f.Names()
	shapes := make(map[string][]int, len(names))
	for _, n := range names {
		shapes[n], _ = f.Shape(n)
	}
	for n := range shapes {
		if counts(n, shapes) {
			delete(shapes, n)
		}
	}
	entry, options, ok := models.Recognise(shapes)
	if !ok {
		return nil, fmt.Errorf("%s: the names and shapes of its %d tensors are those of no architecture that is known here", name, len(names))
	}
	return &Network{Architecture: entry.Name, Options: options}, nil
}
