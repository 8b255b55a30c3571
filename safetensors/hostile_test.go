package safetensors

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/AlarioAI/bitnet/internal/floats"
)

// build writes a file by hand, honest or not.
func build(header string, dataSize int) []byte {
	file := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	return append(append(file, header...), make([]byte, dataSize)...)
}

// claim is a file that says its header has n bytes.
func claim(n uint64, header string) []byte {
	return append(binary.LittleEndian.AppendUint64(nil, n), header...)
}

// hostile are the files that must be refused, and why.
var hostile = []struct {
	name string
	file []byte
	want string
}{
	{"empty", nil, "truncated: 0 bytes, expected the header's length in the first 8"},
	{"seven bytes", make([]byte, 7), "truncated: 7 bytes, expected the header's length in the first 8"},
	{"header longer than the file", claim(3, "{}"), "truncated: 10 bytes, expected a header of 3 after the first 8"},
	{"header over the limit", claim(maxHeader+1, "{}"), "not a safetensors file: header of 100000001 bytes, expected at most 100000000"},
	{"header of 2^64-1", claim(math.MaxUint64, "{}"), "not a safetensors file: header of 18446744073709551615 bytes, expected at most 100000000"},
	{"text", []byte("<!DOCTYPE html>"), "not a safetensors file: header of 5789751444030890300 bytes, expected at most 100000000"},

	{"no header", build("", 0), "header: expected JSON that begins with {"},
	{"space first", build(" {}", 0), "header: expected JSON that begins with {"},
	{"array", build("[]", 0), "header: expected JSON that begins with {"},
	{"not UTF-8", build("{\"\xff\":1}", 0), "header: expected valid UTF-8"},
	{"cut JSON", build(`{"w":{"dtype":"F32"`, 0), `header: tensor "w": the JSON ends too early`},
	{"cut string", build(`{"w`, 0), `header: the JSON ends too early`},
	{"no value", build(`{"w"}`, 0), `header: tensor "w": not JSON near byte 4`},
	{"comma at the end", build(`{"w":{"dtype":"F32","shape":[1,],"data_offsets":[0,4]}}`, 4), `header: tensor "w": shape: not JSON near byte 30`},
	{"wrong bracket", build(`{"w":{"dtype":"F32"]}`, 0), `header: tensor "w": not JSON near byte 19`},
	{"zeros after the JSON", build("{}\x00", 0), "header: the JSON ends at byte 2, expected only spaces after it"},
	{"newline after the JSON", build("{}\n", 0), "header: the JSON ends at byte 2, expected only spaces after it"},
	{"two objects", build("{}{}", 0), "header: the JSON ends at byte 2, expected only spaces after it"},
	{"half a surrogate pair", build(`{"\ud800":{}}`, 0), "header: string \"\uFFFD\": expected escapes that stand for characters"},

	{"metadata a list", build(`{"__metadata__":[]}`, 0), `header: __metadata__: [, expected {`},
	{"metadata null", build(`{"__metadata__":null}`, 0), `header: __metadata__: null, expected {`},
	{"metadata of numbers", build(`{"__metadata__":{"a":1}}`, 0), `header: __metadata__: 1, expected a string`},
	{"metadata twice", build(`{"__metadata__":{},"__metadata__":{}}`, 0), `header: duplicate key "__metadata__"`},
	{"metadata key twice", build(`{"__metadata__":{"a":"1","a":"2"}}`, 0), `header: __metadata__: duplicate key "a"`},
	{"metadata key twice, escaped", build(`{"__metadata__":{"a":"1","\u0061":"2"}}`, 0), `header: __metadata__: duplicate key "a"`},

	{"tensor a number", build(`{"w":1}`, 0), `header: tensor "w": 1, expected {`},
	{"tensor a list", build(`{"w":["F32",[1],[0,4]]}`, 4), `header: tensor "w": [, expected {`},
	{"same name", build(`{"w":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"w":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}`, 2), `header: duplicate key "w"`},
	{"same key", build(`{"w":{"dtype":"U8","dtype":"F32","shape":[1],"data_offsets":[0,1]}}`, 1), `header: tensor "w": duplicate key "dtype"`},
	{"key in capitals", build(`{"w":{"DTYPE":"U8","shape":[1],"data_offsets":[0,1]}}`, 1), `header: tensor "w": unknown key "DTYPE", expected dtype, shape and data_offsets`},
	{"key missing", build(`{"w":{"dtype":"U8","data_offsets":[0,1]}}`, 1), `header: tensor "w": expected dtype, shape and data_offsets`},
	{"no keys", build(`{"w":{}}`, 0), `header: tensor "w": expected dtype, shape and data_offsets`},

	{"unknown type", build(`{"w":{"dtype":"F33","shape":[1],"data_offsets":[0,4]}}`, 4), `header: tensor "w": dtype: unknown type "F33", expected one of the format such as F32`},
	{"type in small letters", build(`{"w":{"dtype":"f32","shape":[1],"data_offsets":[0,4]}}`, 4), `header: tensor "w": dtype: unknown type "f32", expected one of the format such as F32`},
	{"empty type", build(`{"w":{"dtype":"","shape":[1],"data_offsets":[0,4]}}`, 4), `header: tensor "w": dtype: unknown type "", expected one of the format such as F32`},
	{"type null", build(`{"w":{"dtype":null,"shape":[1],"data_offsets":[0,4]}}`, 4), `header: tensor "w": dtype: null, expected a string`},

	{"shape a number", build(`{"w":{"dtype":"F32","shape":1,"data_offsets":[0,4]}}`, 4), `header: tensor "w": shape: 1, expected [`},
	{"negative axis", build(`{"w":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}`, 4), `header: tensor "w": shape: -1, expected a whole number from 0 to 2^63-1`},
	{"fraction", build(`{"w":{"dtype":"F32","shape":[1.0],"data_offsets":[0,4]}}`, 4), `header: tensor "w": shape: 1.0, expected a whole number from 0 to 2^63-1`},
	{"exponent", build(`{"w":{"dtype":"F32","shape":[1e0],"data_offsets":[0,4]}}`, 4), `header: tensor "w": shape: 1e0, expected a whole number from 0 to 2^63-1`},
	{"axis a string", build(`{"w":{"dtype":"F32","shape":["1"],"data_offsets":[0,4]}}`, 4), `header: tensor "w": shape: "1", expected a whole number from 0 to 2^63-1`},
	{"axis of 2^63", build(`{"w":{"dtype":"F32","shape":[9223372036854775808],"data_offsets":[0,4]}}`, 4), `header: tensor "w": shape: 9223372036854775808, expected a whole number from 0 to 2^63-1`},
	{"axis nested", build(`{"w":{"dtype":"F32","shape":[[1]],"data_offsets":[0,4]}}`, 4), `header: tensor "w": shape: [, expected a whole number from 0 to 2^63-1`},
	{"too many axes", build(`{"w":{"dtype":"F32","shape":[`+strings.Repeat("1,", 64)+`1],"data_offsets":[0,4]}}`, 4), `header: tensor "w": shape: expected at most 64 numbers`},
	{"elements overflow", build(`{"w":{"dtype":"F32","shape":[2147483647,2147483647,16],"data_offsets":[0,4]}}`, 4), `header: tensor "w": shape [2147483647 2147483647 16] has more elements than can be counted`},
	{"elements overflow to 0", build(`{"w":{"dtype":"U8","shape":[1073741824,1073741824,1073741824],"data_offsets":[0,0]}}`, 0), `header: tensor "w": shape [1073741824 1073741824 1073741824] has more elements than can be counted`},

	{"one offset", build(`{"w":{"dtype":"F32","shape":[1],"data_offsets":[4]}}`, 4), `header: tensor "w": data_offsets [4]: expected the first byte and the one after the last`},
	{"three offsets", build(`{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4,4]}}`, 4), `header: tensor "w": data_offsets: expected at most 2 numbers`},
	{"negative offset", build(`{"w":{"dtype":"F32","shape":[1],"data_offsets":[-4,0]}}`, 4), `header: tensor "w": data_offsets: -4, expected a whole number from 0 to 2^63-1`},
	{"offsets backwards", build(`{"w":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}`, 4), `header: tensor "w": data_offsets [4 0]: expected the first byte and the one after the last`},
	{"too few bytes", build(`{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}`, 4), `header: tensor "w": data_offsets [0 4] span 4 bytes, expected 8 for F32 of shape [2]`},
	{"too many bytes", build(`{"w":{"dtype":"BF16","shape":[],"data_offsets":[0,4]}}`, 4), `header: tensor "w": data_offsets [0 4] span 4 bytes, expected 2 for BF16 of shape []`},
	{"half a byte", build(`{"w":{"dtype":"F4","shape":[3],"data_offsets":[0,1]}}`, 1), `header: tensor "w": the elements do not fill whole bytes`},

	{"gap at the start", build(`{"w":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}`, 2), `tensor "w": its data begins at byte 1, expected 0, where the tensor before ends`},
	{"gap", build(`{"v":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"w":{"dtype":"U8","shape":[1],"data_offsets":[2,3]}}`, 3), `tensor "w": its data begins at byte 2, expected 1, where the tensor before ends`},
	{"overlap", build(`{"v":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"w":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}}`, 3), `tensor "w": its data begins at byte 1, expected 2, where the tensor before ends`},
	{"same bytes", build(`{"v":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"w":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}`, 1), `tensor "w": its data begins at byte 0, expected 1, where the tensor before ends`},
	{"truncated data", build(`{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}`, 7), "7 bytes after the header, expected 8 as its tensors take"},
	{"more data", build(`{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}`, 9), "9 bytes after the header, expected 8 as its tensors take"},
	{"data without tensors", build("{}", 1), "1 bytes after the header, expected 0 as its tensors take"},
	{"exabytes", build(`{"w":{"dtype":"U8","shape":[1152921504606846976],"data_offsets":[0,1152921504606846976]}}`, 8), "8 bytes after the header, expected 1152921504606846976 as its tensors take"},
	{"name of many lines", build(`{"`+strings.Repeat(`\n`, 1000)+`":1}`, 0), `header: tensor "` + strings.Repeat(`\n`, 80) + `": 1, expected {`},
}

func decodeBytes(file []byte) (*File, error) {
	return Decode(bytes.NewReader(file), int64(len(file)), "file")
}

func TestDecodeRefuses(t *testing.T) {
	if strconv.IntSize < 64 {
		t.Skip("some messages differ where int has 32 bits")
	}
	for _, tt := range hostile {
		t.Run(tt.name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := decodeBytes(tt.file)
			runtime.ReadMemStats(&after)
			if want := "file: " + tt.want; err == nil || err.Error() != want {
				t.Errorf("error %v\nwant  %s", err, want)
			}
			if used := after.TotalAlloc - before.TotalAlloc; used > 1<<20 {
				t.Errorf("%d bytes allocated for a file of %d", used, len(tt.file))
			}
		})
	}
}

// TestDenseHeaders opens files of 8 MB that are all names. As many as are
// accepted must take no more memory than twice the file's size and the
// allowance.
func TestDenseHeaders(t *testing.T) {
	const size = 8 << 20
	const keys = (size + allowance) / perKey
	for name, tt := range map[string]struct {
		most               int // names that are accepted
		start, format, end string
	}{
		"tensors":  {keys / 4, `{`, `"%x":{"dtype":"F32","shape":[0],"data_offsets":[0,0]},`, `"":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}}`},
		"metadata": {keys - 1, `{"__metadata__":{`, `"%x":"",`, `"":""}}`},
	} {
		for more, want := range []string{"", "too many keys for a file of this size"} {
			var header strings.Builder
			header.WriteString(tt.start)
			for i := range tt.most - 1 + more {
				fmt.Fprintf(&header, tt.format, i)
			}
			header.WriteString(tt.end)
			header.WriteString(strings.Repeat(" ", size-header.Len()))
			file := build(header.String(), 0)

			var before, after runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			f, err := decodeBytes(file)
			runtime.GC()
			runtime.ReadMemStats(&after)
			if (err != nil) != (want != "") || !strings.HasSuffix(errorText(err), want) {
				t.Errorf("%s, %d more than accepted: error %v, want %s", name, more, err, want)
			}
			if used := int64(after.HeapAlloc) - int64(before.HeapAlloc); used > 2*size+allowance {
				t.Errorf("%s: %d bytes of memory for a file of %d", name, used, size)
			}
			runtime.KeepAlive(f)
			runtime.KeepAlive(file)
		}
	}
}

// TestDecodeRefusesOtherLengths cuts a good file at every byte, and adds one.
func TestDecodeRefusesOtherLengths(t *testing.T) {
	good, err := os.ReadFile(goldenTypes)
	if err != nil {
		t.Fatal(err)
	}
	for n := range good {
		if _, err := decodeBytes(good[:n]); err == nil {
			t.Errorf("%d of %d bytes accepted", n, len(good))
		}
	}
	if _, err := decodeBytes(append(good, 0)); err == nil {
		t.Error("one more byte accepted")
	}
}

func TestDecodeAccepts(t *testing.T) {
	for name, file := range map[string][]byte{
		"nothing":                build("{}", 0),
		"padding":                build("{}      ", 0),
		"spaces inside":          build("{ \"w\" :\n{ \"dtype\":\"F32\",\"shape\":[ 1 ],\"data_offsets\":[ 0 , 4 ] } }", 4),
		"keys in another order":  build(`{"w":{"data_offsets":[0,4],"shape":[1],"dtype":"F32"}}`, 4),
		"empty name":             build(`{"":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}`, 4),
		"a real U+FFFD":          build("{\"\uFFFD\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,4]}}", 4),
		"a whole surrogate pair": build(`{"\ud83d\ude00":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}`, 4),
		"no elements":            build(`{"v":{"dtype":"F32","shape":[0,2147483647],"data_offsets":[0,0]},"w":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}`, 4),
		"types of few bits":      build(`{"v":{"dtype":"F4","shape":[2],"data_offsets":[0,1]},"w":{"dtype":"F6_E2M3","shape":[4],"data_offsets":[1,4]}}`, 4),
		"metadata last":          build(`{"w":{"dtype":"C64","shape":[1],"data_offsets":[0,8]},"__metadata__":{"k":"v"}}`, 8),
	} {
		if _, err := decodeBytes(file); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestNamesFollowTheData(t *testing.T) {
	f, err := decodeBytes(build(`{"c":{"dtype":"U8","shape":[1],"data_offsets":[1,2]},"a":{"dtype":"U8","shape":[0],"data_offsets":[1,1]},"b":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}`, 2))
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(f.Names(), " "); got != "b a c" {
		t.Errorf("names %s, want b a c", got)
	}
}

func TestReadRefuses(t *testing.T) {
	f := open(t, goldenFloat32)
	for want, err := range map[string]error{
		`: no tensor "fc", expected it among the 4 of the file`:          f.ReadInto("fc", nil),
		`: tensor "fc.weight": shape [2 3] has 6 elements, expected 5`:   f.ReadInto("fc.weight", make([]float32, 5)),
		`: tensor "fc.bias": element 1 is +Inf, expected finite numbers`: f.CheckFinite(),
		`: tensor "f64": element 2 is +Inf, expected finite numbers`:     open(t, goldenTypes).CheckFinite(),
	} {
		_, got, _ := strings.Cut(errorText(err), ".safetensors")
		if got != want {
			t.Errorf("error %v\nwant  FILE%s", err, want)
		}
	}
	if shape, ok := f.Shape("fc"); ok {
		t.Errorf("shape %v of a tensor that is not there", shape)
	}
	if dtype, ok := f.DType("fc"); ok {
		t.Errorf("type %v of a tensor that is not there", dtype)
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestCheckFinite(t *testing.T) {
	for _, bad := range []int{-1, 0, floats.BlockSize/4 - 1, floats.BlockSize / 4, floats.BlockSize} {
		x := Tensor{Name: "x", Shape: []int{floats.BlockSize + 1}, Data: make([]float32, floats.BlockSize+1)}
		want := ""
		if bad >= 0 {
			x.Data[bad] = float32(math.NaN())
			want = `file: tensor "x": element ` + strconv.Itoa(bad) + " is NaN, expected finite numbers"
		}
		var file bytes.Buffer
		if err := Write(&file, []Tensor{x}, nil); err != nil {
			t.Fatal(err)
		}
		f, err := decodeBytes(file.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		if got := errorText(f.CheckFinite()); got != want {
			t.Errorf("error %q, want %q", got, want)
		}
	}
}

// TestFileShrinks reads a file that was cut after it was opened.
func TestFileShrinks(t *testing.T) {
	good, err := os.ReadFile(goldenTypes)
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "w.safetensors")
	if err := os.WriteFile(name, good, 0o666); err != nil {
		t.Fatal(err)
	}
	f := open(t, name)
	if err := os.Truncate(name, 464); err != nil { // the header and nothing else
		t.Fatal(err)
	}
	for tensor, want := range map[string]string{
		"f32":  `: tensor "f32": truncated at byte 504, expected 512`,
		"bf16": `: tensor "bf16": truncated at byte 512, expected 528`,
	} {
		if _, err := f.Float32(tensor); errorText(err) != name+want {
			t.Errorf("error %v\nwant  %s%s", err, name, want)
		}
	}
	if err := f.CheckFinite(); err == nil {
		t.Error("CheckFinite found nothing")
	}
}

// A broken reader fails as a bad disk does.
type broken struct{}

func (broken) ReadAt([]byte, int64) (int, error) {
	return 0, &fs.PathError{Op: "read", Path: "w", Err: io.ErrClosedPipe}
}

func TestOpenFails(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "missing")
	if _, err := Open(missing); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), missing) {
		t.Errorf("missing file: error %v", err)
	}
	dir := t.TempDir()
	if _, err := Open(dir); errorText(err) != dir+": expected a regular file" {
		t.Errorf("directory: error %v", err)
	}
	if _, err := Decode(broken{}, 100, "w"); errorText(err) != "w: "+io.ErrClosedPipe.Error() {
		t.Errorf("broken disk: error %v", err)
	}
	if _, err := Decode(bytes.NewReader(nil), 100, "w"); errorText(err) != "w: truncated at byte 0, expected 8" {
		t.Errorf("wrong size: error %v", err)
	}
}
