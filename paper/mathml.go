package paper

import (
	"fmt"
	"html"
	"strings"
	"unicode"
	"unicode/utf8"
)

// mathML translates a formula from the small part of TeX that the prose uses:
// letters, numbers, operators, ^ and _, \frac, \sqrt, \hat, \text,
// \operatorname, \left( \right), the cases environment, spaces and the symbols
// below. Anything else is an error, so that no formula is shown wrongly.
func mathML(tex string, display bool) (string, error) {
	p := &mathParser{rest: tex}
	body, err := p.row("")
	if err != nil {
		return "", fmt.Errorf("formula %q: %w", tex, err)
	}
	mode := ""
	if display {
		mode = ` display="block"`
	}
	return "<math" + mode + "><mrow>" + body + "</mrow></math>", nil
}

const thinSpace = `<mspace width="0.17em"/>`

// A mathParser reads a formula from left to right.
type mathParser struct {
	rest  string
	after bool // an operand comes directly before, so a minus subtracts
}

func mathSymbol(command string) string {
	switch command {
	case "beta":
		return "<mi>β</mi>"
	case "gamma":
		return "<mi>γ</mi>"
	case "delta":
		return "<mi>δ</mi>"
	case "varepsilon":
		return "<mi>ε</mi>"
	case "partial":
		return "<mi>∂</mi>"
	case "approx":
		return "<mo>≈</mo>"
	case "quad":
		return `<mspace width="1em"/>`
	case ",":
		return thinSpace
	}
	return ""
}

// next cuts one token: a command with its backslash, a number, := or a
// character. It is empty at the end.
func (p *mathParser) next() string {
	p.rest = strings.TrimLeft(p.rest, " ")
	n := tokenLength(p.rest)
	token := p.rest[:n]
	p.rest = p.rest[n:]
	return token
}

func tokenLength(s string) int {
	run := func(set string) int { return len(s) - 1 - len(strings.TrimLeft(s[1:], set)) }
	switch {
	case s == "":
		return 0
	case strings.HasPrefix(s, ":="):
		return 2
	case s[0] >= '0' && s[0] <= '9':
		return 1 + run("0123456789.")
	case s[0] == '\\' && len(s) > 1:
		return 1 + max(1, run("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"))
	}
	_, n := utf8.DecodeRuneInString(s)
	return n
}

func (p *mathParser) peek() string {
	copy := *p
	return copy.next()
}

// row reads up to the token end, which it consumes.
func (p *mathParser) row(end string) (string, error) {
	var out strings.Builder
	p.after = false
	for {
		token := p.next()
		if token == end {
			p.after = true
			return out.String(), nil
		}
		if token == "" {
			return "", fmt.Errorf("%q is missing", end)
		}
		atom, err := p.scripted(token)
		if err != nil {
			return "", err
		}
		out.WriteString(atom)
	}
}

// scripted reads an atom with its subscript and superscript.
func (p *mathParser) scripted(token string) (string, error) {
	base, err := p.atom(token)
	if err != nil {
		return "", err
	}
	var sub, sup string
	for {
		switch p.peek() {
		case "_":
			p.next()
			sub, err = p.argument()
		case "^":
			p.next()
			sup, err = p.argument()
		default:
			switch {
			case sub != "" && sup != "":
				return "<msubsup>" + base + sub + sup + "</msubsup>", nil
			case sub != "" && token == `\max`:
				return "<munder>" + base + sub + "</munder>" + thinSpace, nil
			case sub != "" && token == `\log`:
				return "<msub>" + base + sub + "</msub>" + thinSpace, nil
			case sub != "":
				return "<msub>" + base + sub + "</msub>", nil
			case sup != "":
				return "<msup>" + base + sup + "</msup>", nil
			}
			return base, nil
		}
		if err != nil {
			return "", err
		}
		p.after = true
	}
}

// argument reads one token or a group in braces as one element.
func (p *mathParser) argument() (string, error) {
	token := p.next()
	if token != "{" {
		p.after = false
		return p.atom(token)
	}
	body, err := p.row("}")
	return "<mrow>" + body + "</mrow>", err
}

// words reads a group in braces as plain text.
func (p *mathParser) words() (string, error) {
	inner, rest, ok := strings.Cut(p.rest, "}")
	if !ok || !strings.HasPrefix(inner, "{") {
		return "", fmt.Errorf("expected {text} at %q", p.rest)
	}
	p.rest = rest
	return html.EscapeString(inner[1:]), nil
}

func (p *mathParser) atom(token string) (string, error) {
	if command, ok := strings.CutPrefix(token, `\`); ok {
		return p.command(command)
	}
	r := []rune(token + " ")[0]
	before := p.after
	p.after = false
	switch {
	case token == "":
		return "", fmt.Errorf("something is missing at the end")
	case token == "{":
		body, err := p.row("}")
		return "<mrow>" + body + "</mrow>", err
	case unicode.IsLetter(r):
		p.after = true
		return "<mi>" + token + "</mi>", nil
	case unicode.IsDigit(r):
		p.after = true
		return "<mn>" + token + "</mn>", nil
	case r == '-' || r == '+':
		form := ` form="prefix"`
		if before {
			form = ""
		}
		return "<mo" + form + ">" + strings.Replace(token, "-", "−", 1) + "</mo>", nil
	case r == '|':
		p.after = before
		return `<mo stretchy="false" lspace="0" rspace="0">|</mo>`, nil
	case r == '*':
		return "<mo>∗</mo>", nil
	case r == ')':
		p.after = true
		return `<mo stretchy="false">)</mo>`, nil
	case r == '(':
		return `<mo stretchy="false">(</mo>`, nil
	case r == '.': // the full stop of the sentence
		return "<mtext>.</mtext>", nil
	case strings.ContainsRune("=<>,:/", r):
		return "<mo>" + html.EscapeString(token) + "</mo>", nil
	}
	return "", fmt.Errorf("%q is not known", token)
}

func (p *mathParser) command(name string) (string, error) {
	if symbol := mathSymbol(name); symbol != "" {
		p.after = strings.HasPrefix(symbol, "<mi>")
		return symbol, nil
	}
	switch name {
	case "max", "min", "log":
		return p.function(name), nil
	case "operatorname":
		name, err := p.words()
		return p.function(name), err
	case "text":
		text, err := p.words()
		return "<mtext>" + text + "</mtext>", err
	case "hat":
		body, err := p.argument()
		p.after = true
		return `<mover accent="true">` + body + `<mo stretchy="false">^</mo></mover>`, err
	case "sqrt":
		body, err := p.argument()
		p.after = true
		return "<msqrt>" + body + "</msqrt>", err
	case "frac":
		top, err := p.argument()
		if err != nil {
			return "", err
		}
		bottom, err := p.argument()
		p.after = true
		return "<mfrac>" + top + bottom + "</mfrac>", err
	case "left":
		return p.parentheses()
	case "begin":
		return p.cases()
	}
	return "", fmt.Errorf(`\%s is not known`, name)
}

// function sets a name upright. A thin space parts it from an argument without
// parentheses.
func (p *mathParser) function(name string) string {
	p.after = false
	switch p.peek() {
	case "(", `\left`, "_", "":
		return "<mi>" + name + "</mi>"
	}
	return "<mrow><mi>" + name + "</mi>" + thinSpace + "</mrow>"
}

// parentheses reads "( ... \right)" after \left.
func (p *mathParser) parentheses() (string, error) {
	if open := p.next(); open != "(" {
		return "", fmt.Errorf(`\left%s is not known`, open)
	}
	body, err := p.row(`\right`)
	if err == nil && p.next() != ")" {
		err = fmt.Errorf(`\right without )`)
	}
	return "<mrow><mo>(</mo>" + body + "<mo>)</mo></mrow>", err
}

// cases reads "{cases} value & condition \\ ... \end{cases}" after \begin.
func (p *mathParser) cases() (string, error) {
	body, rest, ok := strings.Cut(p.rest, `\end{cases}`)
	body, known := strings.CutPrefix(body, "{cases}")
	if !ok || !known {
		return "", fmt.Errorf("only the cases environment is known")
	}
	p.rest, p.after = rest, true
	var out strings.Builder
	out.WriteString(`<mrow><mo>{</mo><mtable columnalign="left">`)
	for _, line := range strings.Split(body, `\\`) {
		out.WriteString("<mtr>")
		for _, entry := range strings.Split(line, "&") {
			inner, err := (&mathParser{rest: strings.TrimSpace(entry)}).row("")
			if err != nil {
				return "", err
			}
			out.WriteString("<mtd><mrow>" + inner + "</mrow></mtd>")
		}
		out.WriteString("</mtr>")
	}
	out.WriteString("</mtable></mrow>")
	return out.String(), nil
}
