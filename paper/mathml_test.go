package paper

import "testing"

func TestMathML(t *testing.T) {
	for tex, want := range map[string]string{
		"x":                 "<mi>x</mi>",
		"-1":                `<mo form="prefix">−</mo><mn>1</mn>`,
		"a - 1":             "<mi>a</mi><mo>−</mo><mn>1</mn>",
		"a, -1":             `<mi>a</mi><mo>,</mo><mo form="prefix">−</mo><mn>1</mn>`,
		"10^{-7}":           `<msup><mn>10</mn><mrow><mo form="prefix">−</mo><mn>7</mn></mrow></msup>`,
		"a_i^B":             "<msubsup><mi>a</mi><mi>i</mi><mi>B</mi></msubsup>",
		`\frac{a}{b}`:       "<mfrac><mrow><mi>a</mi></mrow><mrow><mi>b</mi></mrow></mfrac>",
		`\sqrt{x}`:          "<msqrt><mrow><mi>x</mi></mrow></msqrt>",
		`\hat{W}`:           `<mover accent="true"><mrow><mi>W</mi></mrow><mo stretchy="false">^</mo></mover>`,
		`\operatorname{f}(`: `<mi>f</mi><mo stretchy="false">(</mo>`,
		`a := 1.58`:         "<mi>a</mi><mo>:=</mo><mn>1.58</mn>",
		`\left(x\right)`:    "<mrow><mo>(</mo><mi>x</mi><mo>)</mo></mrow>",
		`a < b`:             "<mi>a</mi><mo>&lt;</mo><mi>b</mi>",
	} {
		got, err := mathML(tex, false)
		if want := "<math><mrow>" + want + "</mrow></math>"; got != want || err != nil {
			t.Errorf("%s gives\n%s (%v)\nwant\n%s", tex, got, err, want)
		}
	}
}

func TestFormulasThatAreNotKnownAreErrors(t *testing.T) {
	for _, tex := range []string{`\foo`, `{a`, `\left[a\right]`, `\frac{a}`, `\begin{matrix}a\end{matrix}`, `x^`, `a}`, `\operatorname x`, `\`} {
		if got, err := mathML(tex, true); err == nil {
			t.Errorf("%s gives %s", tex, got)
		}
	}
}

func FuzzMathML(f *testing.F) {
	for _, seed := range []string{`\frac{\gamma \beta}{127} \, (\hat{W} * \hat{x}) + b.`, `\begin{cases} 1 & a \\ 2 & b \end{cases}`, `\left(`, `\`, `x_`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, tex string) {
		if page, err := mathML(tex, true); err == nil {
			wellFormed(t, page)
		}
	})
}
