package paper

import (
	"fmt"
	"strings"
)

// parseMarkup reads the markup of text/*.md into blocks.
//
//	# Title, ## Title       a section, a subsection
//	- item                  a list
//	$$ #id / TeX / $$       a numbered equation, its lines between the two marks
//	@table id, @figure id   a table or figure; the lines after it are its caption
//	anything else           a paragraph
//
// A block ends at a blank line or where the next one starts. Inside a text,
// `code`, *emphasis*, $formula$, <value>, [@key; @key] for citations and [#id]
// for the number of a table, figure or equation. Tables and figures are looked
// up in floats and get their caption here.
func parseMarkup(source string, floats map[string]block) ([]block, error) {
	var blocks []block
	for lines := strings.Split(source, "\n"); len(lines) > 0; {
		if strings.TrimSpace(lines[0]) == "" {
			lines = lines[1:]
			continue
		}
		n, err := blockLength(lines)
		if err != nil {
			return nil, err
		}
		b, err := parseBlock(lines[:n], floats)
		if err != nil {
			return nil, err
		}
		lines = lines[n:]
		if item, ok := b.(list); ok && len(blocks) > 0 { // items in a row are one list
			if before, ok := blocks[len(blocks)-1].(list); ok {
				blocks[len(blocks)-1] = list{append(before.Items, item.Items...)}
				continue
			}
		}
		blocks = append(blocks, b)
	}
	return blocks, nil
}

// blockLength returns how many lines the block that starts at lines[0] has.
func blockLength(lines []string) (int, error) {
	isEquation := strings.HasPrefix(lines[0], "$$")
	for n := 1; n < len(lines); n++ {
		switch {
		case isEquation && strings.TrimSpace(lines[n]) == "$$":
			return n + 1, nil
		case !isEquation && startsBlock(lines[n]):
			return n, nil
		}
	}
	if isEquation {
		return 0, fmt.Errorf("the formula %q has no end", lines[0])
	}
	return len(lines), nil
}

// startsBlock reports whether a line ends the text before it.
func startsBlock(line string) bool {
	if strings.TrimSpace(line) == "" {
		return true
	}
	for _, mark := range []string{"# ", "## ", "- ", "$$", "@table ", "@figure "} {
		if strings.HasPrefix(line, mark) {
			return true
		}
	}
	return false
}

func parseBlock(lines []string, floats map[string]block) (block, error) {
	kind, rest, _ := strings.Cut(strings.TrimSpace(lines[0]), " ")
	switch kind {
	case "#", "##":
		title, err := parseInline(rest)
		return heading{Level: len(kind), Text: title}, err
	case "-":
		item, err := parseInline(joinLines(append([]string{rest}, lines[1:]...)))
		return list{Items: [][]inline{item}}, err
	case "$$":
		return equation{ID: strings.TrimPrefix(rest, "#"), TeX: joinLines(lines[1 : len(lines)-1])}, nil
	case "@table", "@figure":
		caption, err := parseInline(joinLines(lines[1:]))
		if err != nil {
			return nil, err
		}
		return captioned(floats[rest], rest, caption)
	}
	text, err := parseInline(joinLines(lines))
	return paragraph{Text: text}, err
}

func captioned(float block, id string, caption []inline) (block, error) {
	switch float := float.(type) {
	case *table:
		float.Caption = caption
	case *figure:
		float.Caption = caption
	default:
		return nil, fmt.Errorf("the text shows %q, which does not exist", id)
	}
	return float, nil
}

func joinLines(lines []string) string {
	return strings.Join(strings.Fields(strings.Join(lines, " ")), " ")
}

// parseInline reads running text.
func parseInline(s string) ([]inline, error) {
	var out []inline
	for s != "" {
		at := strings.IndexAny(s, "`*$<[")
		if at < 0 {
			return append(out, prose(s)), nil
		}
		if at > 0 {
			out = append(out, prose(s[:at]))
		}
		closing := map[byte]string{'`': "`", '*': "*", '$': "$", '<': ">", '[': "]"}[s[at]]
		inner, rest, ok := strings.Cut(s[at+1:], closing)
		if !ok {
			return nil, fmt.Errorf("%q has no closing %s", s[at:], closing)
		}
		piece, err := parsePiece(s[at], inner)
		if err != nil {
			return nil, err
		}
		out = append(out, piece)
		s = rest
	}
	return out, nil
}

func parsePiece(mark byte, inner string) (inline, error) {
	switch mark {
	case '`':
		return code(inner), nil
	case '*':
		return emph(inner), nil
	case '$':
		return formula(inner), nil
	case '<':
		return valueRef(inner), nil
	}
	if id, ok := strings.CutPrefix(inner, "#"); ok {
		return crossRef(id), nil
	}
	var keys citation
	for key := range strings.SplitSeq(inner, ";") {
		key, ok := strings.CutPrefix(strings.TrimSpace(key), "@")
		if !ok {
			return nil, fmt.Errorf("[%s] is neither a citation [@key] nor a reference [#id]", inner)
		}
		keys = append(keys, key)
	}
	return keys, nil
}

// prose is text with the apostrophes that a typesetter would use, and percent
// signs that stay with their number.
func prose(s string) plain {
	return plain(strings.NewReplacer("'", "’", " %", "\u00a0%").Replace(s))
}
