# make test runs every check and every test; it needs Go, make and Node. The servers that the
# tests run against are built once into .cache, from versions that the folders of tools pin.
# make help lists the targets.

GO      ?= go
MODULE  := github.com/mailhaul/mailhaul
BIN     := .cache/bin
TARGETS := linux/amd64 linux/arm64 darwin/arm64 windows/amd64
EXE     := $(shell $(GO) env GOEXE)
SERVERS := minio versitygw fake-gcs-server toxiproxy
RELEASE := CGO_ENABLED=0 $(GO) build -trimpath

# The race detector watches all but codecs. Most of the tests' time goes there when they are
# watched. Packages that use generic types of sync or sync/atomic do not belong here: the linker
# keeps one copy of what they share with others, and it may be theirs.
CODECS := encoding/base64 github.com/klauspost/compress/... $(MODULE)/fasttransfer
RACE   := $(if $(filter 1,$(shell $(GO) env CGO_ENABLED)),-race $(CODECS:%=-gcflags=%=-race=false))
TEST   := $(GO) test $(RACE) -timeout 30m

# Packages whose tests start servers, and all.
FAR     = $(patsubst ./%/,$(MODULE)/%,$(sort $(dir $(shell grep -rl --include='*_test.go' '$(MODULE)/internal/servers"' ./*/))))
ALL     = $(shell $(GO) list ./...)

# Tests of pipeline that the race detector cannot watch, and those beside them. They are built as
# servers are, whose packages they share.
PLAIN   := CGO_ENABLED=0 $(GO) test -trimpath -timeout 30m
BUBBLES = $(shell sed -n 's/^func \(Test[A-Za-z0-9]*\).*/\1/p' $$(grep -l 'Bubble.t, ' pipeline/*_test.go) | paste -sd'|' -)

.PHONY: help build test check near far format vet servers cross histories fuzz mutation bench clean

help: ## lists the targets
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/\1 \2/p' $(MAKEFILE_LIST) | while read -r name text; do printf '%-10s %s\n' "$$name" "$$text"; done

build: ## builds the program into the current directory
	$(RELEASE) -o mailhaul$(EXE) ./cmd/mailhaul

test: check near far ## runs every check and every test

check: format vet ## runs gofmt, vet and the checks of go.mod

format:
	@echo "== gofmt"
	@files=$$(gofmt -l $$(git ls-files '*.go' 2>/dev/null || find . -name '*.go')); \
	if [ -n "$$files" ]; then echo "gofmt these files:"; echo "$$files"; exit 1; fi

# With the flags of the tests, vet compiles what they need.
vet:
	@echo "== vet, which compiles all dependencies the first time"
	$(GO) vet $(RACE) ./...
	$(GO) mod verify
	$(GO) mod tidy -diff

# With the race detector, a history takes ten times as long: some live with it, more without.
near: ## runs the tests that need no server
	@echo "== tests without servers"
	@MAILHAUL_TEST_HISTORIES=$(if $(RACE),6,40) $(TEST) $(filter-out $(FAR),$(ALL))
	$(if $(RACE),@echo "== tests that the race detector cannot watch and more histories")
	$(if $(RACE),@$(PLAIN) -run '^($(BUBBLES)|TestModel)$$' ./pipeline)
	$(if $(RACE),@$(PLAIN) -run '^TestProbeEndsInTime$$' ./bench)

far: servers ## runs the tests of packages that need servers
	@echo "== tests with servers"
	@MAILHAUL_TEST_SERVERS=required $(TEST) $(FAR)

servers: $(SERVERS:%=$(BIN)/%$(EXE)) .cache/azurite/installed ## builds the servers that tests run against

# A server's binary is named as its folder, a module that pins it and nothing else.
$(BIN)/%$(EXE): tools/%/go.mod tools/%/go.sum
	@echo "== building $*, once"
	@mkdir -p $(BIN)
	cd tools/$* && $(RELEASE) -ldflags='-s -w' -o ../../$@ tool
	@touch $@

.cache/azurite/installed: tools/azurite/package.json tools/azurite/package-lock.json
	@echo "== installing Azurite, once"
	@mkdir -p .cache/azurite
	cp tools/azurite/package.json tools/azurite/package-lock.json .cache/azurite/
	cd .cache/azurite && npm ci --ignore-scripts --omit=optional --no-audit --no-fund
	@touch $@

cross: ## builds for other platforms, without cgo; TARGETS="darwin/amd64 windows/arm64" names more
	@for t in $(TARGETS); do \
		echo "== build $$t"; \
		GOOS=$${t%/*} GOARCH=$${t#*/} $(RELEASE) -o /dev/null ./cmd/mailhaul || exit 1; \
	done

histories: servers ## runs HISTORIES (1000) random histories of a mailbox on each kind of store; SEED=first starts with those of make test
	MAILHAUL_TEST_SERVERS=required MAILHAUL_TEST_HISTORIES=$(or $(HISTORIES),1000) MAILHAUL_TEST_SEED=$(or $(SEED),random) \
		$(GO) test -timeout 12h -count 1 -run '^Test(Model|S3|Directory)$$' ./pipeline ./internal/histories

# Executions are counted: a time that ends in the middle of one lets a target fail.
fuzz: ## runs every fuzz target FUZZ (100000) times
	@for f in $$(grep -rl --include='*_test.go' '^func Fuzz' ./*/ | sort); do \
		for name in $$(sed -n 's/^func \(Fuzz[A-Za-z0-9_]*\).*/\1/p' $$f); do \
			echo "== $$name in $$(dirname $$f)"; \
			$(GO) test $$(dirname $$f) -run '^$$' -fuzz "^$$name\$$" -fuzztime $(or $(FUZZ),100000)x -fuzzminimizetime 10x || exit 1; \
		done; \
	done

# Clocks and reports decide nothing about what is held.
mutation: ## changes the packages that decide what is held, and looks for tests that fail; SAMPLE=100 changes fewer places
	MAILHAUL_TEST_HISTORIES=4 $(GO) run ./tools/mutate -sample $(or $(SAMPLE),0) -seed $(or $(SEED),1) \
		-skip 'pipeline/(stages|bottleneck|options)\.go' manifest compress snapshots restore \
		pipeline $(addprefix pipeline/internal/,index packing position segments)

bench: build $(BIN)/minio$(EXE) ## measures speed, and what bounds it, in twenty minutes
	./mailhaul$(EXE) bench --suite --minio $(BIN)/minio$(EXE) --out bench-results $(BENCHFLAGS)

clean: ## removes what the other targets made
	rm -rf .cache mailhaul mailhaul.exe mailhaul-demo bench-results
