package paper

import (
	"embed"
	"fmt"
	"strings"
	"text/template"
)

//go:embed text
var textFiles embed.FS

// expand runs one file of the prose through text/template. What comes out is
// the markup that parseMarkup reads; names and numbers from the records are not
// in it, only the names of their values, so nothing in a record can be mistaken
// for markup.
func expand(name string, f *facts) (string, error) {
	t, err := template.New(name).Option("missingkey=error").ParseFS(textFiles, "text/"+name)
	if err != nil {
		return "", err
	}
	var out strings.Builder
	if err := t.Execute(&out, f); err != nil {
		return "", err
	}
	return out.String(), nil
}

// textFile returns an embedded file as it is.
func textFile(name string) string {
	text, err := textFiles.ReadFile("text/" + name)
	if err != nil {
		panic(fmt.Sprintf("paper: %v", err)) // the name is a constant of this package
	}
	return string(text)
}
