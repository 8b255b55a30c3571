package paper

import (
	"fmt"
	"strings"
)

// properName prints the names that have a spelling of their own in the
// literature, and any other as it was recorded.
func properName(name string) string {
	switch strings.ToLower(name) {
	case "mnist":
		return "MNIST"
	case "fashion-mnist", "fashion_mnist", "fashionmnist":
		return "Fashion-MNIST"
	case "cifar10", "cifar-10":
		return "CIFAR-10"
	case "cifar100", "cifar-100":
		return "CIFAR-100"
	case "lenet5", "lenet-5":
		return "LeNet-5"
	case "feedforward":
		return "Feedforward"
	}
	return name
}

// network names a twin by its recipe.
func network(recipe string) string {
	if recipe == floatRecipe {
		return "FloatNet"
	}
	return "BitNet " + recipe
}

// slugs hands out the names under which values are filed: lower-case letters,
// digits and hyphens, a different one for every name. What cannot stand in a
// TeX control sequence or an HTML identifier never gets there.
type slugs struct {
	of    map[string]string
	taken map[string]bool
}

func newSlugs() *slugs { return &slugs{of: map[string]string{}, taken: map[string]bool{}} }

// slug returns the name's slug. Which of two names that differ only in other
// characters gets a number depends on the order of the calls.
func (s *slugs) slug(name string) string {
	if known, ok := s.of[name]; ok {
		return known
	}
	base := strings.Trim(strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
			return r
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		}
		return '-'
	}, name), "-")
	if base == "" {
		base = "name"
	}
	slug := base
	for n := 2; s.taken[slug]; n++ {
		slug = fmt.Sprintf("%s-%d", base, n)
	}
	s.of[name], s.taken[slug] = slug, true
	return slug
}
