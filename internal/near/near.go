// Package near guesses what a misspelled name was meant to be.
package near

import (
	"slices"
	"strings"
)

// Hint returns the end of an error about a name that is not among the known
// ones: ", did you mean a or b?" if some are near, else ", have a, b, c".
// A known name is near if one of its words begins with the name, or if it is made
// of the name by changing about a quarter of the letters.
func Hint(name string, known []string) string {
	var near []string
	for _, k := range known {
		if name != "" && strings.Contains("_"+k, "_"+name) || distance(strings.ToLower(name), strings.ToLower(k)) <= 1+len(name)/4 {
			near = append(near, k)
		}
	}
	if len(near) > 0 {
		return ", did you mean " + strings.Join(near, " or ") + "?"
	}
	return ", have " + strings.Join(known, ", ")
}

// distance is the Levenshtein distance: the number of letters to insert,
// delete or replace to make b of a.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replace := diagonal
			if a[i] != b[j] {
				replace++
			}
			diagonal = row[j+1]
			row[j+1] = slices.Min([]int{replace, row[j] + 1, row[j+1] + 1})
		}
	}
	return row[len(b)]
}
