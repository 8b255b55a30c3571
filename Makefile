# The two commands to know are make reproduce and make test; make help lists all.

.DEFAULT_GOAL := help
.PHONY: help build reproduce test bench generate clean \
	fmt vet unit cpu-purego cpu-generic cpu-avx2 generated staticcheck race fuzz tex paper

export CGO_ENABLED := 0

step    = @printf '\n== %s\n'
version = $(shell git describe --tags --always --dirty 2>/dev/null)
build   = go build -trimpath -buildvcs=false -ldflags '-X main.version=$(or $(version),devel)'
tool    = go tool -modfile=tools/go.mod

platforms = linux-arm64 darwin-arm64 windows-amd64 js-wasm

# The packages whose results depend on the kernels in use.
kernels = ./internal/kernel/... ./internal/gemm/... ./autograd/... ./quant/... ./optim/... ./nn/... ./models/...

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z].*:.*## / { printf "make %-12s %s\n", $$1, $$2 }' Makefile

build: ## build the static binary ./bitnet
	$(step) 'build ./bitnet'
	$(build) -o bitnet ./cmd/bitnet

reproduce: build tex ## train both twins on MNIST and write the paper
	$(step) 'reproduce the paper'
	./bitnet reproduce

test: fmt vet unit cpu-purego cpu-generic cpu-avx2 generated staticcheck $(platforms) race fuzz paper ## run every check

bench: ## measure the kernels (bench.txt; compared with bench.old.txt where that exists)
	$(step) 'kernel benchmarks, some minutes'
	go test -run '^$$' -bench . -count 6 ./internal/kernel/... ./internal/gemm/... > bench.txt
	$(tool) benchstat $(wildcard bench.old.txt) bench.txt

generate: ## write the assembly anew
	$(step) 'generate the assembly'
	cd internal/kernel/_asm && go generate ./...

clean: ## remove what was built and measured
	rm -f bitnet bench.txt

# The steps of make test.

fmt:
	$(step) 'gofmt'
	@files=$$(gofmt -l .) && test -z "$$files" || { echo "not formatted: $$files"; exit 1; }

vet:
	$(step) 'go vet, with assembly and without'
	go vet ./...
	go vet -tags purego ./...

unit:
	$(step) 'go test'
	go test ./...

# The next steps leave the large networks out (-short): portable code would take
# hours for them. Those that set BITNET_CPU need -count=1, since it is read before
# the test log begins and the cache of go test would not see it.

cpu-purego:
	$(step) 'kernels built without assembly'
	go test -short -tags purego $(kernels)

cpu-generic:
	$(step) 'kernels with BITNET_CPU=generic'
	BITNET_CPU=generic go test -short -count=1 $(kernels)

cpu-avx2:
	$(step) 'kernels with BITNET_CPU=avx2'
	@if grep -qw avx2 /proc/cpuinfo && grep -qw fma /proc/cpuinfo; then \
		BITNET_CPU=avx2 go test -short -count=1 $(kernels); \
	else \
		echo 'skipped: this processor has no AVX2 with FMA, or does not say so in /proc/cpuinfo'; \
	fi

generated:
	$(step) 'the checked-in assembly is what its generator writes'
	scripts/check-generated.sh

staticcheck:
	$(step) 'staticcheck'
	$(tool) staticcheck ./...

$(platforms): export GOOS = $(firstword $(subst -, ,$@))
$(platforms): export GOARCH = $(lastword $(subst -, ,$@))
$(platforms):
	$(step) 'build and vet for $@'
	go build -buildvcs=false -o /dev/null ./...
	go vet ./...

race:
	$(step) 'race detector, on the packages with goroutines'
	scripts/race.sh

fuzz:
	$(step) 'every fuzz target, 2000 inputs each'
	scripts/fuzz.sh 2000x

tex:
	$(step) 'TeX'
	scripts/setup-tex.sh

paper: build tex
	$(step) 'the paper of a tiny experiment'
	scripts/check-paper.sh ./bitnet
