package weights

import (
	"fmt"
	"strings"
)

// A Mismatch is the error of a file that is not of the network: the names of
// all tensors that do not match.
type Mismatch struct {
	File       string
	Missing    []string // of the network, not in the file
	Unexpected []string // of the file, not in the network
	Misshapen  []Misshape
}

// A Misshape is a tensor whose shape in the file is not the network's.
type Misshape struct {
	Name       string
	Have, Want []int // in PyTorch's layout
}

// Error lists the tensors, the first few of each kind.
func (m *Mismatch) Error() string {
	var kinds []string
	if n := len(m.Missing); n > 0 {
		kinds = append(kinds, fmt.Sprintf("%d missing (%s)", n, few(m.Missing)))
	}
	if n := len(m.Unexpected); n > 0 {
		kinds = append(kinds, fmt.Sprintf("%d unexpected (%s)", n, few(m.Unexpected)))
	}
	if n := len(m.Misshapen); n > 0 {
		var shapes []string
		for _, s := range m.Misshapen {
			shapes = append(shapes, fmt.Sprintf("%s has shape %v, want %v", s.Name, s.Have, s.Want))
		}
		kinds = append(kinds, fmt.Sprintf("%d misshapen (%s)", n, few(shapes)))
	}
	return fmt.Sprintf("%s: its tensors are not those of the network: %s", m.File, strings.Join(kinds, ", "))
}

// few lists names, but of very many only the first.
func few(names []string) string {
	const most = 20
	if more := len(names) - most; more > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), more)
	}
	return strings.Join(names, ", ")
}
