package data

import "testing"

func TestChecksumCoversEverything(t *testing.T) {
	build := func(change func(*Set)) string {
		part := func() *Images {
			return &Images{N: 2, H: 1, W: 2, C: 1, Pixels: []uint8{1, 2, 3, 4}, Labels: []int32{0, 1}}
		}
		s := &Set{Name: "set", Classes: 10, Train: part(), Test: part(), Mean: []float32{0.5}, Std: []float32{0.25}}
		change(s)
		return s.Checksum()
	}
	plain := build(func(*Set) {})
	if plain != build(func(s *Set) { s.Name = "another" }) {
		t.Error("the name counts")
	}
	for what, change := range map[string]func(*Set){
		"classes":         func(s *Set) { s.Classes++ },
		"mean":            func(s *Set) { s.Mean[0] *= 2 },
		"std":             func(s *Set) { s.Std[0] *= 2 },
		"training pixel":  func(s *Set) { s.Train.Pixels[3]++ },
		"test pixel":      func(s *Set) { s.Test.Pixels[0]++ },
		"training label":  func(s *Set) { s.Train.Labels[1]++ },
		"test label":      func(s *Set) { s.Test.Labels[0]++ },
		"height or width": func(s *Set) { s.Test.H, s.Test.W = s.Test.W, s.Test.H },
	} {
		if build(change) == plain {
			t.Errorf("%s does not count", what)
		}
	}
}
