package weights

import "github.com/AlarioAI/bitnet/safetensors"

// Convert writes the arrays of one file to another, whatever network they are
// of; the name of the other says in which format, as for Save. Arrays are
// written as float32 in the order of the file. Those that are not numbers of
// floating point, such as num_batches_tracked, are left out, and their names
// returned.
func Convert(from, to string) (skipped []string, err error) {
	f, err := Open(from)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	network, err := NetworkOf(f, from)
	if err != nil {
		return nil, err
	}
	var tensors []safetensors.Tensor
	for _, name := range f.Names() {
		if d, _ := f.DType(name); !d.Float() {
			skipped = append(skipped, name)
			continue
		}
		shape, _ := f.Shape(name)
		t := safetensors.Tensor{Name: name, Shape: shape, Data: make([]float32, length(shape))}
		if err := f.ReadInto(name, t.Data); err != nil {
			return nil, err
		}
		tensors = append(tensors, t)
	}
	return skipped, write(to, tensors, network)
}

// length returns the number of elements; the file has been checked to have them.
func length(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}
