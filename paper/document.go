package paper

// A document is what the renderers print: a title page and blocks.
type document struct {
	Title    string
	Authors  []string
	Date     string // empty: no date is printed
	Abstract []block
	Body     []block
	Values   *values
	Cited    []reference       // in the order of their first citation
	Numbers  map[string]string // printed number of every table, figure and equation, by id
}

// A block is one of the types that implement it: heading, paragraph, list,
// equation, *table and *figure.
type block interface{ isBlock() }

func (heading) isBlock()   {}
func (paragraph) isBlock() {}
func (list) isBlock()      {}
func (equation) isBlock()  {}
func (*table) isBlock()    {}
func (*figure) isBlock()   {}

type (
	heading struct {
		Level int // 1 is a section
		Text  []inline
	}
	paragraph struct{ Text []inline }
	list      struct{ Items [][]inline }
	equation  struct{ ID, TeX string }
)

// An inline is a piece of running text, one of the types below.
type inline interface{ isInline() }

func (plain) isInline()    {}
func (emph) isInline()     {}
func (code) isInline()     {}
func (formula) isInline()  {}
func (valueRef) isInline() {}
func (citation) isInline() {}
func (crossRef) isInline() {}
func (strong) isInline()   {}

type (
	plain    string // printed as it is, escaped
	emph     string
	code     string // an identifier
	formula  string // a formula in the TeX that mathml.go reads
	valueRef string // the value of this name
	citation []string
	crossRef string // the number of the table, figure or equation of this id
	strong   []inline
)

// A table prints its rows under one head. A row that spans the table opens a
// group.
type table struct {
	ID      string
	Caption []inline
	Columns []column
	Rows    []row
}

type column struct {
	Head  []inline
	Right bool // numbers: aligned right
}

type row struct {
	Span  []inline   // a group's heading over all columns, or
	Cells [][]inline // one for each column
}

// A figure is a grid of panels, each row under a title of its own (which may
// be empty), with one legend.
type figure struct {
	ID      string
	Caption []inline
	Rows    []figureRow
}

type figureRow struct {
	Title  string
	Panels []panel
}

// A panel is one pair of axes.
type panel struct {
	X, Y   axis
	Series []series
}

// A series is a line through its points, or the points alone with their error
// bars.
type series struct {
	Name   string
	Colour int // 0 is the FloatNet's, from 1 on those of the recipes
	Mark   int
	Line   bool
	Points []point
}

// A point is a coordinate in the units of the axes; Error 0 draws no bar.
type point struct{ X, Y, Error float64 }
