# Two commands are all a newcomer needs: `make run` and `make test`.
.PHONY: run build test bench bench-full bench-jsonata lint

GOFLAGS_BUILD = -trimpath -ldflags "-s -w"

build: ## static binary in bin/sinew
	CGO_ENABLED=0 go build $(GOFLAGS_BUILD) -o bin/sinew ./cmd/sinew

test:
	go test -race ./...

# The reference runs beside ours when JSONATA_REFERENCE names a folder in which
# npm package jsonata is installed.
bench-jsonata:
	go run ./jsonata/bench $(if $(JSONATA_REFERENCE),--reference $(JSONATA_REFERENCE))
