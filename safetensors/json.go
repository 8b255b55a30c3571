package safetensors

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// A decoder reads a header token by token. Unmarshalling would be shorter, but
// of two equal keys it silently keeps the last, takes keys in any case, and
// null for anything.
type decoder struct {
	text   []byte // valid UTF-8
	tokens *json.Decoder
	keys   int64 // how many may follow
}

func newDecoder(text []byte, keys int64) *decoder {
	d := &decoder{text: text, tokens: json.NewDecoder(bytes.NewReader(text)), keys: keys}
	d.tokens.UseNumber()
	return d
}

func (d *decoder) token() (json.Token, error) {
	start := d.tokens.InputOffset()
	t, err := d.tokens.Token()
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, errors.New("the JSON ends too early")
	}
	if err != nil {
		return nil, fmt.Errorf("not JSON near byte %d", start)
	}
	if s, ok := t.(string); ok {
		// Package json decodes half a surrogate pair, such as \ud800, to U+FFFD,
		// so that different strings would become equal. Nobody escapes a real U+FFFD.
		const replacement = "\uFFFD"
		raw := d.text[start:d.tokens.InputOffset()]
		if strings.Count(s, replacement) != bytes.Count(raw, []byte(replacement)) {
			return nil, fmt.Errorf("string %.80q: expected escapes that stand for characters", s)
		}
	}
	return t, nil
}

func (d *decoder) delim(want json.Delim) error {
	t, err := d.token()
	if err == nil && t != want {
		err = fmt.Errorf("%s, expected %v", describe(t), want)
	}
	return err
}

// end expects that nothing follows.
func (d *decoder) end() error {
	if at := d.tokens.InputOffset(); at != int64(len(d.text)) {
		return fmt.Errorf("the JSON ends at byte %d, expected only spaces after it", at)
	}
	return nil
}

// object calls member with each key; member decodes the value. It refuses
// duplicate keys.
func (d *decoder) object(member func(key string) error) error {
	if err := d.delim('{'); err != nil {
		return err
	}
	seen := map[string]bool{}
	for d.tokens.More() {
		key, err := d.string()
		if err != nil {
			return err
		}
		if seen[key] {
			return fmt.Errorf("duplicate key %.80q", key)
		}
		seen[key] = true
		if d.keys--; d.keys < 0 {
			return errors.New("too many keys for a file of this size")
		}
		if err := member(key); err != nil {
			return err
		}
	}
	return d.delim('}')
}

func (d *decoder) string() (string, error) {
	t, err := d.token()
	if err != nil {
		return "", err
	}
	s, ok := t.(string)
	if !ok {
		return "", fmt.Errorf("%s, expected a string", describe(t))
	}
	return s, nil
}

// numbers decodes an array of at most limit whole numbers from 0 to 2^63-1.
// Its result is not nil.
func (d *decoder) numbers(limit int) ([]int64, error) {
	if err := d.delim('['); err != nil {
		return nil, err
	}
	list := []int64{}
	for d.tokens.More() {
		if len(list) == limit {
			return nil, fmt.Errorf("expected at most %d numbers", limit)
		}
		t, err := d.token()
		if err != nil {
			return nil, err
		}
		digits, ok := t.(json.Number)
		n, err := strconv.ParseUint(string(digits), 10, 63)
		if !ok || err != nil {
			return nil, fmt.Errorf("%s, expected a whole number from 0 to 2^63-1", describe(t))
		}
		list = append(list, int64(n))
	}
	return list, d.delim(']')
}

// describe returns a token as an error shows it: short, and in one line.
func describe(t json.Token) string {
	switch t := t.(type) {
	case string:
		return fmt.Sprintf("%.80q", t)
	case json.Number:
		return fmt.Sprintf("%.80s", string(t))
	case nil:
		return "null"
	}
	return fmt.Sprint(t) // a boolean or delimiter
}
