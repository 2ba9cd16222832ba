# make test runs every check and every test; it needs Go, make and Node. The servers
# that the tests run against are built once into .cache, from versions that the
# folders of tools pin.

GO      ?= go
BIN     := .cache/bin
RACE    := $(if $(filter 1,$(shell $(GO) env CGO_ENABLED)),-race)
TARGETS := linux/amd64 linux/arm64 darwin/arm64 windows/amd64
EXE     := $(shell $(GO) env GOEXE)
SERVERS := minio versitygw fake-gcs-server toxiproxy

.PHONY: build test check format vet cross servers bench fuzz clean

build: ## the program, into the current directory
	CGO_ENABLED=0 $(GO) build -trimpath -o mailhaul$(EXE) ./cmd/mailhaul

test: check servers
	MAILHAUL_TEST_SERVERS=required $(GO) test $(RACE) -timeout 30m ./...

check: format vet cross

format:
	@files=$$(gofmt -l $$(git ls-files '*.go' 2>/dev/null || find . -name '*.go')); \
	if [ -n "$$files" ]; then echo "gofmt these files:"; echo "$$files"; exit 1; fi

vet:
	$(GO) vet ./...
	$(GO) mod verify
	$(GO) mod tidy -diff

cross: ## that it builds for other platforms, without cgo; TARGETS="darwin/amd64 windows/arm64" names more
	@for t in $(TARGETS); do \
		echo "build $$t"; \
		CGO_ENABLED=0 GOOS=$${t%/*} GOARCH=$${t#*/} $(GO) build -o /dev/null ./cmd/mailhaul || exit 1; \
	done

servers: $(SERVERS:%=$(BIN)/%$(EXE)) .cache/azurite/installed ## what the tests run against

# A server's binary is named as its folder, a module that pins it and nothing else.
$(BIN)/%$(EXE): tools/%/go.mod tools/%/go.sum
	@echo "building $* for the tests, once: this may take some minutes"
	mkdir -p $(BIN)
	cd tools/$* && CGO_ENABLED=0 $(GO) build -trimpath -o ../../$@ tool
	@touch $@

.cache/azurite/installed: tools/azurite/package.json tools/azurite/package-lock.json
	@echo "installing Azurite for the tests, once"
	mkdir -p .cache/azurite
	cp tools/azurite/package.json tools/azurite/package-lock.json .cache/azurite/
	cd .cache/azurite && npm ci --ignore-scripts --omit=optional --no-audit --no-fund
	@touch $@

bench: build $(BIN)/minio$(EXE) ## how fast it is and what bounds it, in twenty minutes
	./mailhaul$(EXE) bench --suite --minio $(BIN)/minio$(EXE) --out bench-results $(BENCHFLAGS)

fuzz: ## every fuzz target, FUZZTIME each
	@for f in $$(grep -rl --include='*_test.go' '^func Fuzz' . | sort); do \
		for name in $$(sed -n 's/^func \(Fuzz[A-Za-z0-9_]*\).*/\1/p' $$f); do \
			$(GO) test ./$$(dirname $$f) -run '^$$' -fuzz "^$$name\$$" -fuzztime $${FUZZTIME:-30s} || exit 1; \
		done; \
	done

clean:
	rm -rf .cache mailhaul mailhaul.exe mailhaul-demo bench-results
