#!/bin/sh
# Runs a tiny experiment and looks for its paper: check-paper.sh ./bitnet
set -eu
bitnet=$1
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
"$bitnet" reproduce "$(dirname "$0")/tiny.yaml" --out "$out"

# expect NAME MARK: one file of that name was written, and MARK is in it.
expect() {
	file=$(find "$out" -name "$1")
	if [ -z "$file" ] || ! grep -aq "$2" "$file"; then
		echo "$1 is missing or has no $2 in it" >&2
		exit 1
	fi
	echo "$1: $(wc -c <"$file") bytes"
}
expect experiment_results.json '"FloatNet"'
expect paper.html '</html>'
if command -v latexmk >/dev/null; then
	expect paper.pdf '%PDF-'
else
	echo 'paper.pdf: skipped, there is no latexmk'
fi
