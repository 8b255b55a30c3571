#!/bin/sh
# Runs the race detector on the packages that start goroutines or hand work to
# internal/parallel. It needs cgo, so it is skipped where no C compiler is.
# Built without assembly, which the detector cannot look into. Package models is
# left out: whole networks take it many minutes, and their operations are tested
# in autograd and nn.
set -eu
cd "$(dirname "$0")/.."
if ! command -v "$(go env CC)" >/dev/null; then
	echo 'skipped: the race detector needs a C compiler'
	exit 0
fi
packages=$(grep -rlE --include='*.go' --exclude-dir=_asm --exclude-dir=tools \
	'^[[:space:]]*go [[:alnum:]_.]+\(|\.Go\(|bitnet/internal/parallel"' . | xargs -n 1 dirname | grep -vx ./models | sort -u)
CGO_ENABLED=1 go test -race -short -tags purego $packages
