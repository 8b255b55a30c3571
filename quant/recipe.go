// Package quant holds the recipes by which a layer is quantised: how weights
// and activations become codes, what the layer computes from the codes, and
// the straight-through gradients of both.
//
//	alario  the layers of the AlarioAI/bitnet project, slips included
//	b158    "The Era of 1-bit LLMs: All Large Language Models are in 1.58 Bits", arXiv 2402.17764
//	b1      "BitNet: Scaling 1-bit Transformers for Large Language Models", arXiv 2310.11453
//
// b158-bf16 and b1-bf16 are the same layers with another weight gradient: for it the
// output gradient is rounded to bfloat16 before it is multiplied by the activation
// codes, which are exact in it. On processors that multiply bfloat16 this takes half
// the time. Sums are float32, and depthwise convolutions as well as those of small
// groups stay in float32. The input gradient is the same.
//
// Rounding is to the nearest, halves to even. The gradient takes rounding,
// sign and clamping to the code range as the identity (straight-through
// estimator; Bengio et al., arXiv 1308.3432) and scales as constants.
package quant

import (
	"fmt"
	"math"
	"strings"
)

// A Recipe is a way to quantise a layer.
type Recipe uint8

// The recipes. Float is none: the plain layer.
const (
	Float Recipe = iota
	Alario
	B158
	B1
	B158BF16
	B1BF16
)

var names = [...]string{"float", "alario", "b158", "b1", "b158-bf16", "b1-bf16"}

// roundsGradient reports whether the output gradient is rounded to bfloat16 for that
// of the weight.
func (r Recipe) roundsGradient() bool { return r == B158BF16 || r == B1BF16 }

// binary reports whether weights are signs and samples are centred.
func (r Recipe) binary() bool { return r == B1 || r == B1BF16 }

// String returns the recipe's name.
func (r Recipe) String() string {
	if int(r) < len(names) {
		return names[r]
	}
	return fmt.Sprintf("recipe %d", uint8(r))
}

// Bits returns the information in a weight: 32 bits of a float, log2(3) of a
// ternary code, 1 of a sign.
func (r Recipe) Bits() float64 {
	switch {
	case r == Float:
		return 32
	case r.binary():
		return 1
	}
	return math.Log2(3)
}

// Recipes returns all recipes, Float first.
func Recipes() []Recipe { return []Recipe{Float, Alario, B158, B1, B158BF16, B1BF16} }

// Parse returns the recipe of the given name.
func Parse(name string) (Recipe, error) {
	for i, n := range names {
		if n == name {
			return Recipe(i), nil
		}
	}
	return Float, fmt.Errorf("unknown recipe %q, want one of %s", name, strings.Join(names[:], ", "))
}

// MarshalText returns the recipe's name. It fails for a value that is none.
func (r Recipe) MarshalText() ([]byte, error) {
	if int(r) >= len(names) {
		return nil, fmt.Errorf("%v has no name", r)
	}
	return []byte(r.String()), nil
}

// UnmarshalText is Parse.
func (r *Recipe) UnmarshalText(text []byte) (err error) {
	*r, err = Parse(string(text))
	return err
}
