# Two commands are all a newcomer needs: `make run` and `make test`.
.PHONY: run build test bench bench-full lint

GOFLAGS_BUILD = -trimpath -ldflags "-s -w"

build: ## static binary in bin/sinew
	CGO_ENABLED=0 go build $(GOFLAGS_BUILD) -o bin/sinew ./cmd/sinew

test:
	go test -race ./...
