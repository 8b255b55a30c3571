package pth

import (
	"fmt"
	"math"
	"runtime"
	"strings"
	"testing"
)

// Pieces of pickles.
const (
	proto = "\x80\x02"
	// A tensor of 2 elements of the storage 0.
	aTensor = rebuild + "(" + aStorage + "K\x00K\x02\x85K\x01\x85\x89N" + "tR"
	rebuild = "ctorch._utils\n_rebuild_tensor_v2\n"
	// The storage 0, of 2 elements.
	aStorage = "(\x8c\x07storagectorch\nFloatStorage\n\x8c\x010\x8c\x03cpuK\x02tQ"
)

// hostilePickles are what must be refused, and why.
var hostilePickles = []struct{ name, pickle, want string }{
	{"empty", "", "byte 0: the pickle ends too early"},
	{"no STOP", proto + "}", "byte 3: the pickle ends too early"},
	{"nothing to return", proto + ".", "byte 2: the stack has 0 values, expected 1"},
	{"two values", proto + "}}.", "byte 4: the pickle ends here, expected no values and no bytes to be left"},
	{"more after STOP", proto + "}..", "byte 3: the pickle ends here, expected no values and no bytes to be left"},
	{"protocol 1", "\x80\x01}.", "byte 0: pickle protocol 1, expected 2 to 5"},
	{"protocol 6", "\x80\x06}.", "byte 0: pickle protocol 6, expected 2 to 5"},
	{"cut PROTO", "\x80", "byte 0: the pickle ends too early"},
	{"cut FRAME", "\x80\x04\x95\x00\x00", "byte 2: the pickle ends too early"},
	{"cut integer", proto + "J\x00\x00", "byte 2: the pickle ends too early"},
	{"cut string", proto + "X\x05\x00\x00\x00w", "byte 2: the pickle ends too early"},
	{"string of 4 GB", proto + "X\xff\xff\xff\xffw", "byte 2: the pickle ends too early"},
	{"string not UTF-8", proto + "\x8c\x01\xff", "byte 2: a string is not valid UTF-8"},
	{"cut global", proto + "cos\nsystem", "byte 2: the pickle ends too early"},

	{"os.system", proto + "cos\nsystem\n\x8c\x02id\x85R.", `byte 2: global "os.system", expected only those that a dict of tensors needs`},
	{"posix.system by STACK_GLOBAL", "\x80\x04\x8c\x05posix\x8c\x06system\x93.", `byte 17: global "posix.system", expected only those that a dict of tensors needs`},
	{"builtins.eval", proto + "}\x8c\x01w" + "cbuiltins\neval\ns.", `byte 6: global "builtins.eval", expected only those that a dict of tensors needs`},
	{"a storage of another module", proto + "cevil\nFloatStorage\n.", `byte 2: global "evil.FloatStorage", expected only those that a dict of tensors needs`},
	{"a dotted name", proto + "ctorch\nFloatStorage.__init__\n.", `byte 2: global "torch.FloatStorage.__init__", expected only those that a dict of tensors needs`},
	{"a whole module", proto + "ctorch.nn.modules.linear\nLinear\n)\x81}b.", `byte 2: global "torch.nn.modules.linear.Linear", expected only those that a dict of tensors needs`},
	{"a long global", proto + "c" + strings.Repeat("x\x00", 1000) + "\nf\n.", `byte 2: global "` + strings.Repeat(`x\x00`, 40) + `", expected only those that a dict of tensors needs`},
	{"STACK_GLOBAL of numbers", "\x80\x04K\x00K\x00\x93.", "byte 6: expected a global's module and name"},

	{"INST", proto + "(ios\nsystem\n.", "byte 3: opcode 0x69 (INST), expected only those that a dict of tensors needs"},
	{"OBJ", proto + "(o.", "byte 3: opcode 0x6f (OBJ), expected only those that a dict of tensors needs"},
	{"NEWOBJ", proto + "ccollections\nOrderedDict\n)\x81.", "byte 28: opcode 0x81 (NEWOBJ), expected only those that a dict of tensors needs"},
	{"EXT1", proto + "\x82\x01.", "byte 2: opcode 0x82 (EXT1), expected only those that a dict of tensors needs"},
	{"LONG4 of 2 GB", proto + "\x8b\xff\xff\xff\x7f1", "byte 2: opcode 0x8b (LONG4), expected only those that a dict of tensors needs"},
	{"PERSID", proto + "P0\n.", "byte 2: opcode 0x50 (PERSID), expected only those that a dict of tensors needs"},
	{"no opcode", proto + "\xff", "byte 2: opcode 0xff (no opcode of Python's), expected only those that a dict of tensors needs"},

	{"no mark", proto + "}t.", "byte 3: the stack has no mark"},
	{"a mark among values", proto + "}(\x8c\x01ws.", "byte 7: the stack has too few values above the mark, expected 2"},
	{"a mark as the result", proto + "(.", "byte 3: the stack has too few values above the mark, expected 1"},
	{"an empty stack", proto + "\x87.", "byte 2: the stack has 0 values, expected 3"},
	{"item of a list", proto + "]K\x00K\x01s.", "byte 7: expected keys and values above a dict"},
	{"odd items", proto + "}(\x8c\x01wu.", "byte 7: expected keys and values above a dict"},
	{"items of nothing", proto + "(u.", "byte 3: expected keys and values above a dict"},
	{"append to a dict", proto + "}Na.", "byte 4: expected a list to append to"},
	{"append to a mark", proto + "((Ne.", "byte 5: expected a list to append to"},

	{"memo read before it is written", proto + "h\x00.", "byte 2: entry 0 of a memo of 0"},
	{"memo with a gap", proto + "}q\x00r\xff\xff\xff\xff.", "byte 5: entry 4294967295 of a memo of 1"},
	{"memo of nothing", proto + "q\x00.", "byte 2: there is no value to remember"},
	{"memo of a mark", proto + "(\x94.", "byte 3: there is no value to remember"},

	{"call of a string", proto + "\x8c\x01f)R.", "byte 6: expected a function and its arguments"},
	{"call of a storage", proto + "ctorch\nFloatStorage\n)R.", "byte 23: expected a function and its arguments"},
	{"call without a tuple", proto + "ccollections\nOrderedDict\n]R.", "byte 28: expected a function and its arguments"},
	{"OrderedDict of a list", proto + "ccollections\nOrderedDict\n]\x85R.", "byte 29: collections.OrderedDict: expected no arguments"},
	{"tensor of nothing", proto + rebuild + ")R.", "byte 36: torch._utils._rebuild_tensor_v2: 0 arguments, expected 6 or 7"},
	{"tensor of a string", proto + rebuild + "(\x8c\x010K\x00K\x02\x85K\x01\x85\x89NtR.", "byte 50: torch._utils._rebuild_tensor_v2: expected a storage, an offset, and as many axis lengths as strides"},
	{"negative offset", proto + rebuild + "(" + aStorage + "J\xff\xff\xff\xffK\x02\x85K\x01\x85\x89NtR.", "byte 92: torch._utils._rebuild_tensor_v2: expected a storage, an offset, and as many axis lengths as strides"},
	{"negative axis", proto + rebuild + "(" + aStorage + "K\x00J\xff\xff\xff\xff\x85K\x01\x85\x89NtR.", "byte 92: torch._utils._rebuild_tensor_v2: expected a storage, an offset, and as many axis lengths as strides"},
	{"negative stride", proto + rebuild + "(" + aStorage + "K\x00K\x02\x85\x8a\x01\xff\x85\x89NtR.", "byte 90: torch._utils._rebuild_tensor_v2: expected a storage, an offset, and as many axis lengths as strides"},
	{"axis of 2^70", proto + rebuild + "(" + aStorage + "K\x00\x8a\x09\x00\x00\x00\x00\x00\x00\x00\x00\x40\x85K\x01\x85\x89NtR.", "byte 98: torch._utils._rebuild_tensor_v2: expected a storage, an offset, and as many axis lengths as strides"},
	{"axis without a stride", proto + rebuild + "(" + aStorage + "K\x00K\x02\x85)\x89NtR.", "byte 87: torch._utils._rebuild_tensor_v2: expected a storage, an offset, and as many axis lengths as strides"},
	{"too many axes", proto + rebuild + "(" + aStorage + "K\x00(" + strings.Repeat("K\x01", 65) + "t(" + strings.Repeat("K\x01", 65) + "t\x89NtR.", "byte 347: torch._utils._rebuild_tensor_v2: expected a storage, an offset, and as many axis lengths as strides"},
	{"parameter of a dict", proto + "ctorch._utils\n_rebuild_parameter\n}\x89N\x87R.", "byte 39: torch._utils._rebuild_parameter: expected a tensor and two arguments more"},
	{"parameter of a tensor only", proto + "ctorch._utils\n_rebuild_parameter\n" + aTensor + "\x85R.", "byte 124: torch._utils._rebuild_parameter: expected a tensor and two arguments more"},

	{"storage of a module", proto + "(\x8c\x06module}\x8c\x010\x8c\x03cpuK\x02tQ.", `byte 23: expected a storage: ("storage", class, key, location, length)`},
	{"storage with a view", proto + "(\x8c\x07storagectorch\nFloatStorage\n\x8c\x010\x8c\x03cpuK\x02NtQ.", `byte 44: expected a storage: ("storage", class, key, location, length)`},
	{"storage of -1", proto + "(\x8c\x07storagectorch\nFloatStorage\n\x8c\x010\x8c\x03cpuJ\xff\xff\xff\xfftQ.", `byte 46: expected a storage: ("storage", class, key, location, length)`},
	{"persistent number", proto + "K\x00Q.", `byte 4: expected a storage: ("storage", class, key, location, length)`},

	{"state of a dict", proto + "}}\x8c\x09_metadata}sb.", "byte 17: expected an OrderedDict and its attribute _metadata"},
	{"another attribute", proto + "ccollections\nOrderedDict\n)R}\x8c\x04itemNsb.", "byte 38: expected an OrderedDict and its attribute _metadata"},
	{"two attributes", proto + "ccollections\nOrderedDict\n)R}\x8c\x09_metadataNs\x8c\x04itemNsb.", "byte 51: expected an OrderedDict and its attribute _metadata"},
	{"state of a tensor", proto + aTensor + "}\x8c\x09_metadata}sb.", "byte 104: expected an OrderedDict and its attribute _metadata"},
}

func refuses(t *testing.T, file []byte, want string) {
	t.Helper()
	_, err := decodeBytes(file)
	if err == nil || err.Error() != want {
		t.Errorf("error %v\nwant  %s", err, want)
	}
}

func TestPickleRefuses(t *testing.T) {
	for _, tt := range hostilePickles {
		t.Run(tt.name, func(t *testing.T) {
			refuses(t, archiveOf(part{"data.pkl", tt.pickle}), `file: record "archive/data.pkl": `+tt.want)
		})
	}
}

// hostileDicts are pickles that say something, but no dict of tensors that are
// there.
var hostileDicts = []struct{ name, pickle, want string }{
	{"a tensor", proto + aTensor + ".", "the pickle is of another value, expected a dict of tensors"},
	{"a list of tensors", proto + "]" + aTensor + "a.", "the pickle is of another value, expected a dict of tensors"},
	{"None", proto + "N.", "the pickle is of another value, expected a dict of tensors"},
	{"same name", proto + "}\x8c\x01w" + aTensor + "s\x8c\x01w" + aTensor + "s.", `tensor "w": there are two of that name`},
	{"two dicts", proto + "}\x8c\x05model}\x8c\x01w" + aTensor + "ss\x8c\x03ema}\x8c\x01w" + aTensor + "ss.", `dicts of tensors under "model" and "ema", expected one`},
	{"missing storage", proto + "}\x8c\x01w" + strings.ReplaceAll(aTensor, "\x8c\x010", "\x8c\x011") + "s.", `tensor "w": no record "archive/data/1"`},
	{"storage elsewhere", proto + "}\x8c\x01w" + strings.ReplaceAll(aTensor, "\x8c\x010", "\x8c\x0b../data.pkl") + "s.", `tensor "w": no record "archive/data/../data.pkl"`},
	{"short storage", proto + "}\x8c\x01w" + strings.ReplaceAll(aTensor, "cpuK\x02", "cpuK\x03") + "s.", `tensor "w": record "archive/data/0" has 8 bytes, expected 3 elements of 4`},
	{"short storage of doubles", proto + "}\x8c\x01w" + strings.ReplaceAll(aTensor, "Float", "Double") + "s.", `tensor "w": record "archive/data/0" has 8 bytes, expected 2 elements of 8`},
	{"storage of 2^63-1", proto + "}\x8c\x01w" + strings.ReplaceAll(aTensor, "cpuK\x02", "cpu\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f") + "s.", `tensor "w": record "archive/data/0" has 8 bytes, expected 9223372036854775807 elements of 4`},
	{"name of many lines", proto + "}X\xe8\x03\x00\x00" + strings.Repeat("\n", 1000) + strings.ReplaceAll(aTensor, "cpuK\x02", "cpuK\x03") + "s.", `tensor "` + strings.Repeat(`\n`, 80) + `": record "archive/data/0" has 8 bytes, expected 3 elements of 4`},
}

func TestDictRefuses(t *testing.T) {
	for _, tt := range hostileDicts {
		t.Run(tt.name, func(t *testing.T) {
			if strings.Contains(tt.name, "2^63") && math.MaxInt < math.MaxInt64 {
				t.Skip("no int is so large")
			}
			refuses(t, archiveOf(part{"data.pkl", tt.pickle}, part{"data/0", storageOf("FloatStorage", 2)}), "file: "+tt.want)
		})
	}
}

func TestPickleAccepts(t *testing.T) {
	const w = "\x8c\x01w" + aTensor + "s"
	for name, tt := range map[string]struct{ pickle, names string }{
		"nothing":                      {"}.", ""},
		"one tensor":                   {"}" + w + ".", "w"},
		"a huge LONG beside it":        {"}" + w + "\x8c\x04seed\x8a\xff" + strings.Repeat("\xff", 255) + "s.", "w"},
		"keys that are numbers":        {"}" + w + "K\x00K\x01s.", "w"},
		"one dict of tensors":          {"}\x8c\x05model}" + w + "s\x8c\x05epochK\x03s.", "w"},
		"a tensor beside it":           {"}\x8c\x05model}" + w + "s\x8c\x04best" + aTensor + "s.", "w"},
		"a dict of integers beside it": {"}" + w + "\x8c\x05state}\x8c\x01n" + strings.ReplaceAll(aTensor, "Float", "Int") + "ss.", "w"},
		"an optimizer beside it":       {"}" + w + "\x8c\x03opt}\x8c\x05state}K\x00}" + w + "sss.", "w"},
		"a dict in itself":             {"}q\x00" + w + "\x8c\x04selfh\x00s.", "w"},
		"FRAME that is too long":       {"\x95\xff\xff\xff\xff\xff\xff\xff\xff}" + w + ".", "w"},
		"metadata of a tensor":         {"}\x8c\x01w" + strings.ReplaceAll(aTensor, "\x89N", "\x89N}") + "s.", "w"},
		"the memo written twice":       {"}q\x00q\x00" + w + ".", "w"},
	} {
		f, err := decodeBytes(archiveOf(part{"data.pkl", proto + tt.pickle}, part{"data/0", storageOf("FloatStorage", 2)}))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := strings.Join(f.Names(), " "); got != tt.names {
			t.Errorf("%s: names %s, want %s", name, got, tt.names)
		}
	}
}

// TestBombs opens files of 16 MB that a careless reader makes gigabytes of, or
// follows for ever. (At this size half the file and the allowance are together
// the file's size.)
func TestBombs(t *testing.T) {
	const size = 16 << 20
	fill := func(start, unit string) []byte {
		return archiveOf(part{"data.pkl", proto + start + strings.Repeat(unit, (size-len(start))/len(unit))})
	}
	names := &strings.Builder{} // one tensor under very many names
	for i := 0; names.Len() < size-200; i++ {
		fmt.Fprintf(names, "\x8c\x06%06xh\x00s", i)
	}
	for name, file := range map[string][]byte{
		"values":              fill("", "N"),
		"marks":               fill("", "("),
		"dicts in the memo":   fill("]", "}\x94a"),
		"tuples in the memo":  fill("]", ")\x94a"),
		"tuples of tuples":    fill("N", "\x85"),
		"lists of lists":      fill("", "]"),
		"doubling tuples":     fill("N", "\x94h\x00h\x00\x86"),
		"strings":             fill("]", "\x8c\x00a"),
		"items":               fill("}\x8c\x00\x94Ns", "h\x00Ns"),
		"ordered dicts":       fill("]ccollections\nOrderedDict\n\x94)Ra", "h\x00)R\x94a"),
		"tensors":             fill("]"+rebuild+"\x94("+aStorage+"K\x00K\x02\x85K\x01\x85\x89Nt\x94R\x94a", "h\x00h\x01R\x94a"),
		"names of one tensor": archiveOf(part{"data.pkl", proto + "}\x8c\x01w" + aTensor + "\x94s" + names.String() + "."}, part{"data/0", storageOf("FloatStorage", 2)}),
		"globals":             fill("]", "ccollections\nOrderedDict\na"),
		"storage classes":     fill("]", "ctorch\nIntStorage\na"),
		"integers":            fill("]", "M\xff\xffa"),
		"a long global":       fill("c", "x"),
		"records":             manyRecords(size, ""),
		"records of one name": manyRecords(size, "archive/data.pkl"),
	} {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := decodeBytes(file)
			runtime.ReadMemStats(&after)
			if err == nil || len(err.Error()) > 500 || strings.Contains(err.Error(), "\n") {
				t.Errorf("error %v, want a short one", err)
			}
			if used := after.TotalAlloc - before.TotalAlloc; used > uint64(2*len(file)) {
				t.Errorf("%d bytes of memory for a file of %d, want at most twice that", used, len(file))
			}
		})
	}
}
