package paper

import (
	"os"
	"strings"
)

// firstError says in one line why latexmk failed: LaTeX's first error when its
// log has one, else the last line that latexmk printed.
func firstError(log, output string, exit error) string {
	if text, err := os.ReadFile(log); err == nil {
		if line := firstTeXError(string(text)); line != "" {
			return line
		}
	}
	if line := firstTeXError(output); line != "" {
		return line
	}
	lines := strings.Split(strings.TrimSpace(output), "\n")
	if last := strings.TrimSpace(lines[len(lines)-1]); last != "" {
		return last
	}
	return exit.Error()
}

// firstTeXError finds the first line "! message" of a TeX log and adds the line
// "l.NNN ..." that tells where it happened. It returns "" when there is none.
func firstTeXError(log string) string {
	lines := strings.Split(strings.ReplaceAll(log, "\r\n", "\n"), "\n")
	for i, line := range lines {
		if !strings.HasPrefix(line, "! ") {
			continue
		}
		message := strings.TrimSpace(line)
		for _, after := range lines[i+1:] {
			if strings.HasPrefix(after, "l.") {
				return message + " " + strings.TrimSpace(after)
			}
			if strings.HasPrefix(after, "! ") {
				break
			}
		}
		return message
	}
	return ""
}
