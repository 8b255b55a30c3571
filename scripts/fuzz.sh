#!/bin/sh
# Runs every fuzz target of the module for a fixed count: fuzz.sh 2000x
set -eu
cd "$(dirname "$0")/.."
count=$1
# go test lists the targets of a package before the package's own line (ok PATH TIME).
listed=$(go test -list '^Fuzz' ./...)
targets=$(echo "$listed" | awk '/^Fuzz/ { name[n++] = $1 } $1 == "ok" { while (n > 0) print $2, name[--n] }')
if [ -z "$targets" ]; then
	echo 'no fuzz target found' >&2
	exit 1
fi
echo "$targets" | while read -r package target; do
	echo "$package $target"
	# Shrinking an interesting input is bounded too: its default is a minute.
	go test -run '^$' -fuzz "^$target\$" -fuzztime "$count" -fuzzminimizetime 10x "$package" </dev/null
done
