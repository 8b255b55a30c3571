package paper

// A summary counts the comparisons of one recipe by their mean difference.
type summary struct {
	All, Behind, Ahead  []*comparison // the BitNet's mean is below, above the FloatNet's
	Tested, Significant int
	Least, Most         *comparison // the lowest and the highest difference
}

func summarise(recipe string, comparisons []*comparison) (s summary) {
	for _, c := range comparisons {
		mean := c.Difference.Mean
		if c.Bit.Recipe != recipe || !finite(mean) {
			continue
		}
		s.All = append(s.All, c)
		switch {
		case mean < 0:
			s.Behind = append(s.Behind, c)
		case mean > 0:
			s.Ahead = append(s.Ahead, c)
		}
		if finite(c.Holm) {
			s.Tested++
		}
		if c.significant() {
			s.Significant++
		}
		if s.Least == nil || mean < s.Least.Difference.Mean {
			s.Least = c
		}
		if s.Most == nil || mean > s.Most.Difference.Mean {
			s.Most = c
		}
	}
	return s
}

func place(c *comparison) string { return c.Group.name() }

// nameable reports whether the places read as part of a sentence.
func nameable(list []*comparison) bool { return len(list) > 0 && len(list) <= 6 }

// places enumerates where comparisons were made.
func places(list []*comparison) string {
	words := make([]string, len(list))
	for i, c := range list {
		words[i] = place(c)
	}
	return enumerate(words)
}
