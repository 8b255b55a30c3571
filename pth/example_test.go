package pth_test

import (
	"bytes"
	"fmt"
	"log"

	"github.com/AlarioAI/bitnet/pth"
	"github.com/AlarioAI/bitnet/safetensors"
)

func Example() {
	var buf bytes.Buffer
	err := pth.Write(&buf, []safetensors.Tensor{
		{Name: "fc.weight", Shape: []int{2, 3}, Data: []float32{1, 2, 3, 4, 5, 6}},
		{Name: "fc.bias", Shape: []int{2}, Data: []float32{-1, 1}},
	})
	if err != nil {
		log.Fatal(err)
	}

	f, err := pth.Decode(bytes.NewReader(buf.Bytes()), int64(buf.Len()), "fc.pth")
	if err != nil {
		log.Fatal(err)
	}
	defer f.Close()
	for _, name := range f.Names() {
		shape, _ := f.Shape(name)
		values, err := f.Float32(name)
		fmt.Println(name, shape, values, err)
	}
	fmt.Println(f.ReadInto("fc.bias", make([]float32, 10)))
	// Output:
	// fc.weight [2 3] [1 2 3 4 5 6] <nil>
	// fc.bias [2] [-1 1] <nil>
	// fc.pth: tensor "fc.bias": shape [2] has 2 elements, expected 10
}
