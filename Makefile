# Two commands are all a newcomer needs: `make run` and `make test`.
.PHONY: help run build page test harness-refresh harness-incident harness-events bench bench-full bench-jsonata lint

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null)
LDFLAGS = -s -w -X github.com/sinewhq/sinew/internal/cli.version=$(VERSION)
GOFLAGS_BUILD = -trimpath -ldflags "$(LDFLAGS)"

STATICCHECK = go run honnef.co/go/tools/cmd/staticcheck@v0.8.2
GOFUMPT = go run mvdan.cc/gofumpt@v0.12.0

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/\1	\2/p' $(MAKEFILE_LIST) | expand -t 12

run: build ## build, serve on http://127.0.0.1:8080 with data in ./sinew-data, and connect a sample account
	scripts/run

build: ## static binary in bin/sinew
	CGO_ENABLED=0 go build $(GOFLAGS_BUILD) -o bin/sinew ./cmd/sinew

page: ## build the connect page, whose built files are part of the repository
	cd web/connect && npm ci --no-audit --no-fund && npm run build

test: ## every test, on SQLite and PostgreSQL, with the race detector
	scripts/test

harness-refresh: ## proof of the refresh guarantee: kills, stops and cuts for HARNESS=10m; SEED=n repeats a run
	scripts/harness-refresh $(or $(HARNESS),10m) $(or $(SEED),0)

harness-incident: ## proof of key rotation, kill switch and import: KILLS=50; SEED=n repeats a run
	scripts/harness-incident $(or $(KILLS),50) $(or $(SEED),0)

harness-events: ## proof that events arrive: KILLS=1000, OUTAGE=5m, POOLED=true; SEED=n repeats a run
	scripts/harness-events $(or $(KILLS),1000) $(or $(SEED),0) $(or $(OUTAGE),5m)

bench: ## the benchmarks, in ten minutes at most
	scripts/bench

bench-full: ## the benchmarks with a million accounts
	scripts/bench 1000000

bench-jsonata: ## JSONata alone, beside the reference engine on Node
	scripts/bench-jsonata

lint: ## formatting, vet, static analysis and the rules of the package tree
	@unformatted=$$(gofmt -l $$(git ls-files '*.go')); \
	if [ -n "$$unformatted" ]; then echo "run gofmt -w on:"; echo "$$unformatted"; exit 1; fi
	@loose=$$($(GOFUMPT) -l $$(git ls-files '*.go')); \
	if [ -n "$$loose" ]; then echo "run gofumpt -w on:"; echo "$$loose"; exit 1; fi
	go vet ./...
	$(STATICCHECK) ./...
	go test -count=1 ./internal/arch
