# The targets need Go, make and Node. The folders of tools pin the servers that the tests use and
# the programs that check the code; make builds them once, into .cache. Run "make help" for a list.

GO       ?= go
MODULE   := github.com/mailhaul/mailhaul
BIN      := .cache/bin
TARGETS  := linux/amd64 linux/arm64 darwin/arm64 windows/amd64
EXE      := $(shell $(GO) env GOEXE)
SERVERS  := minio versitygw fake-gcs-server toxiproxy
CHECKERS := staticcheck govulncheck
RELEASE  := CGO_ENABLED=0 $(GO) build -trimpath

# The race detector watches everything but the codecs, where it would spend most of the time.
# A package that uses generic types of sync or sync/atomic must not be in this list: the linker
# keeps one copy of each such type, which may be the unwatched one.
CODECS := encoding/base64 github.com/klauspost/compress/... $(MODULE)/fasttransfer
RACE   := $(if $(filter 1,$(shell $(GO) env CGO_ENABLED)),-race $(CODECS:%=-gcflags=%=-race=false))
TEST   := $(GO) test $(RACE) -timeout 30m

ALL         = $(shell $(GO) list ./...)
WITHSERVERS = $(patsubst ./%/,$(MODULE)/%,$(sort $(dir $(shell grep -rl --include='*_test.go' '$(MODULE)/internal/servers"' ./*/))))

# The race detector does not support some tests of pipeline that run in a bubble of synctest.
# These run without it, from a build that shares its packages with the servers.
PLAIN   := CGO_ENABLED=0 $(GO) test -trimpath -timeout 30m
BUBBLES = $(shell grep -l 'Bubble.t, ' pipeline/*_test.go | xargs sed -n 's/^func \(Test[A-Za-z0-9]*\).*/\1/p' | paste -sd'|' -)

KILLS   := ^TestKilled$$

.PHONY: help build test check format vet lint test-local test-servers package servers vulnerabilities updates sizes \
	cross histories fuzz mutation bench clean

help: ## lists the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1 \2/p' $(MAKEFILE_LIST) | while read -r name text; do printf '%-16s %s\n' "$$name" "$$text"; done

build: ## builds the program into the current directory
	$(RELEASE) -o mailhaul$(EXE) ./cmd/mailhaul

test: check test-local test-servers ## runs check and all tests

check: format vet ## runs gofmt and vet, and checks go.mod

format:
	@echo "== gofmt"
	@files=$$(gofmt -l $$(git ls-files '*.go' 2>/dev/null || find . -name '*.go')); \
	if [ -n "$$files" ]; then echo "gofmt these files:"; echo "$$files"; exit 1; fi

# vet has the flags of the tests, so the tests find the dependencies compiled.
vet:
	@echo "== vet, which compiles all dependencies the first time"
	$(GO) vet $(RACE) ./...
	$(GO) mod verify
	$(GO) mod tidy -diff

lint: $(BIN)/staticcheck$(EXE) ## runs staticcheck, as staticcheck.conf configures it
	@echo "== staticcheck"
	@$(BIN)/staticcheck$(EXE) ./...

# A history takes ten times as long with the race detector: a few run with it, more without.
test-local: ## runs the tests of packages that need no server
	@echo "== tests without servers"
	@MAILHAUL_TEST_HISTORIES=$(if $(RACE),2,24) $(TEST) $(filter-out $(WITHSERVERS),$(ALL))
	$(if $(RACE),@echo "== tests without the race detector")
	$(if $(RACE),@MAILHAUL_TEST_HISTORIES=24 $(PLAIN) -run '^($(BUBBLES)|TestModel)$$' ./pipeline)
	$(if $(RACE),@$(PLAIN) -run '^TestProbeEndsInTime$$' ./bench)

# The longest test runs beside the others.
test-servers: servers ## runs the tests of packages that need servers
	@echo "== tests with servers"
	@MAILHAUL_TEST_SERVERS=required $(TEST) -run '$(KILLS)' ./internal/cli & kills=$$!; \
	MAILHAUL_TEST_SERVERS=required $(TEST) -skip '$(KILLS)' $(WITHSERVERS); code=$$?; \
	wait $$kills && exit $$code

package: servers ## tests package P with its servers: make package P=./sinks FLAGS='-run TestX -v'
	MAILHAUL_TEST_SERVERS=required $(GO) test -timeout 30m $(or $(P),$(error name a package: make package P=./sinks)) $(FLAGS)

servers: $(SERVERS:%=$(BIN)/%$(EXE)) .cache/azurite/installed ## builds the servers that the tests use

# A binary has the name of its folder in tools, a module that pins this binary and nothing else.
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

vulnerabilities: $(BIN)/govulncheck$(EXE) ## looks for known vulnerabilities in what the code calls; needs the network
	@echo "== govulncheck"
	@status=0; out=$$($(BIN)/govulncheck$(EXE) ./... 2>&1) || status=$$?; echo "$$out"; \
	case $$out in *"fetching vulnerabilities"*) \
		echo "The vulnerability database, https://vuln.go.dev, did not answer: nothing was checked. GOVULNDB names a mirror.";; \
	esac; exit $$status

UPDATE := {{with .Update}}{{$$.Path}} {{$$.Version}}: {{.Version}} is available{{end}}

updates: .cache/azurite/installed ## lists newer versions of direct dependencies, servers and checkers; needs the network
	@echo "== dependencies of the program"
	@$(GO) list -m -u -f '$(UPDATE)' $$($(GO) list -m -f '{{if not (or .Indirect .Main)}}{{.Path}}{{end}}' all)
	@for tool in $(SERVERS) $(CHECKERS); do \
		echo "== $$tool"; \
		(cd tools/$$tool && $(GO) list -m -u -f '$(UPDATE)' $$($(GO) list -f '{{.Module.Path}}' tool)) || exit 1; \
	done
	@echo "== azurite"
	@cd .cache/azurite && npm outdated || true

sizes: ## prints how large packages, types, files and functions are
	@$(GO) run ./tools/sizes

cross: ## builds for other platforms, without cgo; TARGETS="darwin/amd64 windows/arm64" names others
	@for t in $(TARGETS); do \
		echo "== build $$t"; \
		GOOS=$${t%/*} GOARCH=$${t#*/} $(RELEASE) -o /dev/null ./cmd/mailhaul || exit 1; \
	done

histories: servers ## runs HISTORIES (1000) random histories of a mailbox on each kind of store; SEED=first starts with those of make test
	MAILHAUL_TEST_SERVERS=required MAILHAUL_TEST_HISTORIES=$(or $(HISTORIES),1000) MAILHAUL_TEST_SEED=$(or $(SEED),random) \
		$(GO) test -timeout 12h -count 1 -run '^Test(Model|S3|Directory)$$' ./pipeline ./internal/histories

# The limit is a number of executions. With a time limit, a target fails when the time ends
# during an execution.
fuzz: ## runs every fuzz target FUZZ (100000) times
	@for f in $$(grep -rl --include='*_test.go' '^func Fuzz' ./*/ | sort); do \
		for name in $$(sed -n 's/^func \(Fuzz[A-Za-z0-9_]*\).*/\1/p' $$f); do \
			echo "== $$name in $$(dirname $$f)"; \
			$(GO) test $$(dirname $$f) -run '^$$' -fuzz "^$$name\$$" -fuzztime $(or $(FUZZ),100000)x -fuzzminimizetime 10x || exit 1; \
		done; \
	done

# Clocks, timings and options are skipped: they do not decide what a snapshot holds.
mutation: ## changes the code that decides what a snapshot holds, one place at a time, and reports what no test notices; SAMPLE=100 limits the places
	MAILHAUL_TEST_HISTORIES=4 $(GO) run ./tools/mutate -sample $(or $(SAMPLE),0) -seed $(or $(SEED),1) \
		-skip 'pipeline/(stages|bottleneck|options)\.go' manifest compress snapshots restore \
		pipeline $(addprefix pipeline/internal/,index packing position segments)

bench: build $(BIN)/minio$(EXE) ## measures speed, memory and bottlenecks, in twenty minutes
	./mailhaul$(EXE) bench --suite --minio $(BIN)/minio$(EXE) --out bench-results $(BENCHFLAGS)

clean: ## removes what the other targets made
	rm -rf .cache mailhaul mailhaul.exe mailhaul-demo bench-results
