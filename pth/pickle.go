package pth

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/AlarioAI/bitnet/internal/floats"
)

// The values on the stack of a machine are, besides nil for None, bool and
// string:
type (
	integer int64
	tuple   []any
	dict    struct {
		items   []item // in the order of insertion, those with a string as key
		ordered bool   // a collections.OrderedDict
	}
	list struct{} // its elements are dropped
	// A global is a function that a file may call.
	global string
	mark   struct{} // where the values for a later opcode begin
	other  struct{} // a number that no tensor needs: a float or a huge integer
)

// An item is an entry of a dict.
type item struct {
	key   string
	value any
}

// What a machine may make of a pickle, in bytes of memory. Without a bound, a
// pickle of n bytes could make 30*n of them: one opcode makes a dict, and one
// remembers it.
//
// For one tensor torch.save writes at least 250 bytes to the file, and a machine
// and a File need some 1,000. So the allowance covers 8,000 scalars; of tensors
// with some hundred elements there can be any number.
const (
	allowance = 8 << 20 // and half the file's size

	perSlot   = 64  // a value on the stack or in the memo, and what growing leaves behind
	perBox    = 16  // a string's header or an integer, to which an interface points
	perObject = 48  // a dict, a storage or an empty tuple
	perTensor = 64  // and 16 for each axis
	perItem   = 192 // an item of a dict, and what a File makes of it
)

// A machine interprets a pickle: https://docs.python.org/3/library/pickletools.html.
// Values may be nested, and shared, to any depth: it never walks through them.
// The first error is kept and stops it; the methods return zero values after it.
type machine struct {
	text   string
	next   int // offset of the next byte
	op     int // offset of the current opcode
	stack  []any
	height int // the most values there were on the stack
	memo   []any
	budget int64
	err    error
}

// unpickle returns what a pickle in a file of that size builds.
func unpickle(text string, fileSize int64) (any, error) {
	m := &machine{text: text, budget: fileSize/2 + allowance}
	v := m.run()
	if m.err != nil {
		return nil, fmt.Errorf("byte %d: %w", m.op, m.err)
	}
	return v, nil
}

func (m *machine) fail(format string, args ...any) {
	if m.err == nil {
		m.err = fmt.Errorf(format, args...)
	}
}

// run interprets the opcodes up to the last.
func (m *machine) run() any {
	for m.err == nil {
		m.op = m.next
		switch op := opcode(m.uint(1)); op {
		case opProto:
			if version := m.uint(1); version < 2 || version > 5 {
				m.fail("pickle protocol %d, expected 2 to 5", version)
			}
		case opFrame:
			m.uint(8) // its length, for readers that read by frames
		case opStop:
			v := m.pop()
			if len(m.stack) > 0 || m.next < len(m.text) {
				m.fail("the pickle ends here, expected no values and no bytes to be left")
			}
			return v

		case opMark:
			m.push(mark{})
		case opNone:
			m.push(nil)
		case opNewTrue:
			m.push(true)
		case opNewFalse:
			m.push(false)
		case opBinInt:
			m.push(integer(int32(m.uint(4))))
		case opBinInt1:
			m.push(integer(m.uint(1)))
		case opBinInt2:
			m.push(integer(m.uint(2)))
		case opLong1:
			m.push(m.long(m.uint(1)))
		case opBinFloat:
			m.take(8)
			m.push(other{})
		case opBinUnicode:
			m.push(m.string(m.uint(4)))
		case opShortUnicode:
			m.push(m.string(m.uint(1)))

		case opEmptyTuple:
			m.push(tuple(nil))
		case opTuple:
			m.pushTuple(m.popMark())
		case opTuple1:
			m.pushTuple(m.popN(1))
		case opTuple2:
			m.pushTuple(m.popN(2))
		case opTuple3:
			m.pushTuple(m.popN(3))
		case opEmptyList:
			m.push(list{})
		case opAppend:
			m.pop()
			m.topList()
		case opAppends:
			m.popMark()
			m.topList()
		case opEmptyDict:
			m.pushDict(false)
		case opSetItem:
			m.setItems(m.popN(2))
		case opSetItems:
			m.setItems(m.popMark())

		case opBinPut:
			m.remember(m.uint(1))
		case opLongBinPut:
			m.remember(m.uint(4))
		case opMemoize:
			m.remember(uint64(len(m.memo)))
		case opBinGet:
			m.recall(m.uint(1))
		case opLongBinGet:
			m.recall(m.uint(4))

		case opGlobal:
			module := m.line()
			m.push(m.global(module, m.line()))
		case opStackGlobal:
			names := m.popN(2)
			if m.err == nil {
				module, ok1 := names[0].(string)
				name, ok2 := names[1].(string)
				if !ok1 || !ok2 {
					m.fail("expected a global's module and name")
				}
				m.push(m.global(module, name))
			}
		case opBinPersID:
			m.push(m.persistent(m.pop()))
		case opReduce:
			v := m.popN(2)
			m.call(v[0], v[1])
		case opBuild:
			v := m.popN(2)
			m.build(v[0], v[1])
		default:
			m.fail("opcode %v, expected only those that a dict of tensors needs", op)
		}
	}
	return nil
}

// take returns the next n bytes.
func (m *machine) take(n uint64) string {
	if m.err == nil && n > uint64(len(m.text)-m.next) {
		m.fail("the pickle ends too early")
	}
	if m.err != nil {
		return ""
	}
	m.next += int(n)
	return m.text[m.next-int(n) : m.next]
}

// uint returns a number of n bytes, little-endian.
func (m *machine) uint(n uint64) uint64 {
	v := uint64(0)
	for i, b := range []byte(m.take(n)) {
		v |= uint64(b) << (8 * i)
	}
	return v
}

// long returns an integer of n bytes, little-endian in two's complement.
func (m *machine) long(n uint64) any {
	if n > 8 {
		m.take(n)
		return other{}
	}
	v, unused := m.uint(n), 64-8*n
	return integer(int64(v<<unused) >> unused)
}

func (m *machine) string(n uint64) string {
	s := m.take(n)
	if !utf8.ValidString(s) {
		m.fail("a string is not valid UTF-8")
	}
	return s
}

// line returns the next bytes up to a newline.
func (m *machine) line() string {
	n := strings.IndexByte(m.text[m.next:], '\n')
	if n < 0 {
		m.fail("the pickle ends too early")
		return ""
	}
	s := m.take(uint64(n))
	m.take(1)
	return s
}

// spend accounts for n bytes of memory.
func (m *machine) spend(n int64) {
	if m.budget -= n; m.budget < 0 {
		m.fail("the pickle needs more memory than the tensors of a file of this size")
	}
}

func (m *machine) push(v any) {
	m.stack = appendDoubling(m.stack, v)
	if len(m.stack) > m.height {
		m.height = len(m.stack)
		m.spend(perSlot)
	}
	switch v := v.(type) {
	case string, storageType:
		m.spend(perBox)
	case integer:
		if uint64(v) > math.MaxUint8 { // the runtime has the others
			m.spend(perBox)
		}
	}
}

// appendDoubling is append, which would grow a long slice by a quarter and so
// leave more behind than perSlot.
func appendDoubling(list []any, v any) []any {
	if len(list) == cap(list) {
		list = slices.Grow(list, len(list)+1)
	}
	return append(list, v)
}

func (m *machine) pop() any { return m.popN(1)[0] }

// popN takes n values from the stack. It returns as many, all nil, if they are
// not there.
func (m *machine) popN(n int) []any {
	if len(m.stack) < n {
		m.fail("the stack has %d values, expected %d", len(m.stack), n)
		return make([]any, n)
	}
	at := len(m.stack) - n
	values := m.stack[at:]
	for _, v := range values {
		if v == (mark{}) {
			m.fail("the stack has too few values above the mark, expected %d", n)
		}
	}
	m.stack = m.stack[:at]
	return values
}

// popMark takes the values above the last mark, and the mark.
func (m *machine) popMark() []any {
	for at := len(m.stack) - 1; at >= 0; at-- {
		if m.stack[at] == (mark{}) {
			values := m.stack[at+1:]
			m.stack = m.stack[:at]
			return values
		}
	}
	m.fail("the stack has no mark")
	return nil
}

func (m *machine) pushTuple(values []any) {
	m.spend(perObject + 16*int64(len(values)))
	m.push(append(tuple(nil), values...))
}

func (m *machine) pushDict(ordered bool) {
	m.spend(perObject)
	m.push(&dict{ordered: ordered})
}

// top returns the last value, which stays.
func (m *machine) top() any {
	if len(m.stack) == 0 {
		return mark{}
	}
	return m.stack[len(m.stack)-1]
}

// topList expects a list, whose new elements have been taken from the stack.
func (m *machine) topList() {
	if _, ok := m.top().(list); !ok {
		m.fail("expected a list to append to")
	}
}

// setItems puts keys and values, in turns, into the dict below them.
func (m *machine) setItems(values []any) {
	d, ok := m.top().(*dict)
	if !ok || len(values)%2 != 0 {
		m.fail("expected keys and values above a dict")
		return
	}
	for ; len(values) > 0; values = values[2:] {
		if key, ok := values[0].(string); ok {
			m.spend(perItem)
			d.items = append(d.items, item{key, values[1]})
		}
	}
}

// remember puts the last value into the memo. Python numbers its entries in
// turn.
func (m *machine) remember(i uint64) {
	v := m.top()
	switch {
	case v == (mark{}):
		m.fail("there is no value to remember")
	case i < uint64(len(m.memo)):
		m.memo[i] = v
	case i == uint64(len(m.memo)):
		m.spend(perSlot)
		m.memo = appendDoubling(m.memo, v)
	default:
		m.fail("entry %d of a memo of %d", i, len(m.memo))
	}
}

func (m *machine) recall(i uint64) {
	if i >= uint64(len(m.memo)) {
		m.fail("entry %d of a memo of %d", i, len(m.memo))
		return
	}
	m.push(m.memo[i])
}

// The functions that a file may call.
const (
	orderedDict      global = "collections.OrderedDict"
	rebuildTensor    global = "torch._utils._rebuild_tensor_v2"
	rebuildParameter global = "torch._utils._rebuild_parameter"
)

// global returns a function or a storage class.
func (m *machine) global(module, name string) any {
	switch class := storageType(name); {
	case module == "collections" && name == "OrderedDict":
		return orderedDict
	case module == "torch._utils" && name == "_rebuild_tensor_v2":
		return rebuildTensor
	case module == "torch._utils" && name == "_rebuild_parameter":
		return rebuildParameter
	case module == "torch" && class.known():
		return class
	}
	m.fail("global %.80q, expected only those that a dict of tensors needs", module+"."+name)
	return nil
}

// persistent returns the storage that is meant by
// ("storage", class, key, location, number of elements).
func (m *machine) persistent(id any) any {
	if id, ok := id.(tuple); ok && len(id) == 5 && id[0] == "storage" {
		class, ok1 := id[1].(storageType)
		key, ok2 := id[2].(string)
		_, ok3 := id[3].(string) // a device such as cpu
		n, ok4 := numbers(id[4:])
		if ok1 && ok2 && ok3 && ok4 {
			m.spend(perObject)
			return &storage{class, key, n[0]}
		}
	}
	m.fail(`expected a storage: ("storage", class, key, location, length)`)
	return nil
}

// call pushes the result of fn(*args).
func (m *machine) call(callee, arguments any) {
	fn, ok1 := callee.(global)
	args, ok2 := arguments.(tuple)
	if !ok1 || !ok2 {
		m.fail("expected a function and its arguments")
		return
	}
	var err error
	switch fn {
	case orderedDict:
		if len(args) > 0 {
			err = errors.New("expected no arguments")
		}
		m.pushDict(true)
	case rebuildTensor:
		var t *tensor
		if t, err = newTensor(args); err == nil {
			m.spend(perTensor + 16*int64(len(t.shape)))
		}
		m.push(t)
	case rebuildParameter: // data, requires_grad, backward_hooks
		var t *tensor
		if len(args) == 3 {
			t, _ = args[0].(*tensor)
		}
		if t == nil {
			err = errors.New("expected a tensor and two arguments more")
		}
		m.push(t)
	}
	if err != nil {
		m.fail("%s: %w", fn, err)
	}
}

// newTensor returns _rebuild_tensor_v2(storage, offset, shape, stride,
// requires_grad, backward_hooks, metadata=None).
func newTensor(args tuple) (*tensor, error) {
	if len(args) != 6 && len(args) != 7 {
		return nil, fmt.Errorf("%d arguments, expected 6 or 7", len(args))
	}
	storage, ok1 := args[0].(*storage)
	offset, ok2 := numbers(args[1:2])
	shape, ok3 := numbers(args[2])
	stride, ok4 := numbers(args[3])
	if !ok1 || !ok2 || !ok3 || !ok4 || len(shape) != len(stride) {
		return nil, errors.New("expected a storage, an offset, and as many axis lengths as strides")
	}
	return &tensor{storage, offset[0], shape, stride}, nil
}

// numbers returns the elements of a tuple of integers from 0 that fit an int.
func numbers(v any) ([]int, bool) {
	values, ok := v.(tuple)
	if !ok || len(values) > floats.MaxAxes {
		return nil, false
	}
	list := make([]int, len(values))
	for i, v := range values {
		n, ok := v.(integer)
		list[i] = int(n)
		if !ok || n < 0 || integer(list[i]) != n {
			return nil, false
		}
	}
	return list, true
}

// build sets the attributes of an object, and leaves it on the stack. The one
// that a state dict has is _metadata, the version numbers of the modules.
func (m *machine) build(object, attributes any) {
	d, ok1 := object.(*dict)
	state, ok2 := attributes.(*dict)
	if !ok1 || !ok2 || !d.ordered || len(state.items) != 1 || state.items[0].key != "_metadata" {
		m.fail("expected an OrderedDict and its attribute _metadata")
		return
	}
	m.push(d)
}
