package paper

import "math"

func words(s string) []inline { return []inline{plain(s)} }

// setupTable lists what was trained, one row for each group.
func setupTable(s *study, v *filer) *table {
	t := &table{ID: "tab-setup", Columns: []column{
		{Head: words("Data set")}, {Head: words("Architecture")}, {Head: words("Parameters"), Right: true},
		{Head: words("Images"), Right: true}, {Head: words("Epochs"), Right: true}, {Head: words("Batch"), Right: true},
		{Head: words("Learning rate"), Right: true},
	}}
	for _, g := range s.Groups {
		key := v.groupKey(g)
		cells := [][]inline{
			{valueRef("data/" + v.data.slug(g.Data))},
			{valueRef("architecture/" + v.architecture.slug(g.Architecture))},
		}
		for _, name := range []string{"parameters", "images", "epochs", "batch-size", "learning-rate"} {
			cells = append(cells, []inline{valueRef(key + "/" + name)})
		}
		t.Rows = append(t.Rows, row{Cells: cells})
	}
	return t
}

// resultsTable lists every network under its group, and beside each BitNet its
// difference from the FloatNet. Without any comparison those columns are left out.
func resultsTable(s *study, comparisons []*comparison, v *filer) *table {
	t := &table{ID: "tab-results", Columns: []column{
		{Head: words("Network")}, {Head: words("Parameters"), Right: true}, {Head: []inline{formula("n")}, Right: true}, {Head: words("Accuracy"), Right: true},
	}}
	byCell := map[*cell]*comparison{}
	for _, c := range comparisons {
		byCell[c.Bit] = c
	}
	if len(comparisons) > 0 {
		t.Columns = append(t.Columns,
			column{Head: words("Pairs"), Right: true}, column{Head: words("Difference"), Right: true}, column{Head: []inline{valueRef("confidence"), plain(" CI")}, Right: true},
			column{Head: []inline{formula("p")}, Right: true}, column{Head: []inline{formula("p_{\\text{Holm}}")}, Right: true}, column{Head: []inline{formula("d_z")}, Right: true})
	}
	for _, g := range s.Groups {
		t.Rows = append(t.Rows, row{Span: []inline{valueRef(v.groupKey(g) + "/name")}})
		best := bestMean(g, v)
		for _, c := range g.cells() {
			cells := networkCells(g, c, best, v)
			if len(comparisons) > 0 {
				cells = append(cells, differenceCells(byCell[c], v)...)
			}
			t.Rows = append(t.Rows, row{Cells: cells})
		}
	}
	return t
}

// bestMean returns the highest mean accuracy of the group as it is printed, so
// that networks which the reader sees as equal are both set in bold. A network
// without a rival is not the best of anything.
func bestMean(g *group, v *filer) string {
	best, printed := math.Inf(-1), ""
	for _, c := range g.cells() {
		if mean := meanAccuracy(c); mean > best {
			best, printed = mean, v.text[v.cellKey(g, c)+"/mean"]
		}
	}
	if len(g.cells()) < 2 {
		return ""
	}
	return printed
}

func networkCells(g *group, c *cell, best string, v *filer) [][]inline {
	key := v.cellKey(g, c)
	name := []inline{plain("FloatNet")}
	if c != g.Float {
		name = []inline{plain("BitNet "), valueRef("recipe/" + v.recipe.slug(c.Recipe) + "/name")}
	}
	accuracy := []inline{valueRef(key + "/mean")}
	if v.text[key+"/mean"] == best {
		accuracy = []inline{strong(accuracy)}
	}
	accuracy = append(accuracy, plain(" ± "))
	if len(c.Runs) > 1 {
		accuracy = append(accuracy, valueRef(key+"/std"))
	} else {
		accuracy = append(accuracy, plain(dash))
	}
	return [][]inline{name, {valueRef(key + "/parameters")}, {valueRef(key + "/runs")}, accuracy}
}

// differenceCells are empty beside a FloatNet, and dashes beside a BitNet
// whose group has none.
func differenceCells(c *comparison, v *filer) [][]inline {
	cells := make([][]inline, 6)
	if c == nil {
		return cells
	}
	for i, name := range []string{"pairs", "difference", "interval", "p", "holm", "dz"} {
		cells[i] = []inline{valueRef(v.cellKey(c.Group, c.Bit) + "/" + name)}
	}
	return cells
}
