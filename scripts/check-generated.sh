#!/bin/sh
# Regenerates the assembly in a copy of internal/kernel and compares: nothing
# may differ, and no generated file may be left whose generator is gone.
set -eu
cd "$(dirname "$0")/.."
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
mkdir "$copy/internal"
cp go.mod go.sum "$copy"
cp -R internal/kernel "$copy/internal"
(
	cd "$copy/internal/kernel"
	grep -l '^// Code generated .* DO NOT EDIT' -- *.go *.s | xargs rm
	cd _asm
	go generate ./...
)
if ! diff -r internal/kernel "$copy/internal/kernel"; then
	echo 'internal/kernel is not what its generator writes: run make generate' >&2
	exit 1
fi
