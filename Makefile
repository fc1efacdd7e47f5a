# Usher. `make` lists the targets. Only Go is needed for run and build; every other tool is built from the module
# proxy into bin/ at the version that tools/*/go.sum pins, and built again only when that file changes.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
MAKEFLAGS += --no-print-directory

# The slowest packages begin first, so that none ends alone; four at once, since most of them wait. `make lint` and `make modules` vet them.
PKG      ?= ./test/browser/... ./test/states/... ./services/token/internal/store/... ./test/e2e ./cmd/usher ./test/clients ./gateway ./test/race ./test/pages \
            ./services/authz/internal/store ./test/interop ./test/proxies ./test/attack ./test/operations ./test/rolling ./... ./sdk/...
# What runs on every server: the stores, and two replicas of everything above them.
STORES   ?= ./internal/platform/sqldb ./internal/platform/shortlived ./internal/platform/stores \
            $(foreach s,identity authz token consent activity,./services/$(s) ./services/$(s)/internal/store/...) ./test/failover ./test/rolling
FUZZTIME ?= 10s
FOR      ?= 5m
ROUNDS   ?= 200
CROWD    ?= 10
GRANTS   ?= 1000000
PICTURES ?= dist/pages
UNDER    ?= docs
# SQLite is C translated by machine, and argon2 fills 19 MiB for a password: watching their every memory access makes them eight and
# five times slower and finds no race of ours. No other package: one that instantiates generics would
# give its uninstrumented copies to all, and hide the order of their accesses.
NORACE   := $(foreach p,modernc.org/sqlite/lib golang.org/x/crypto/argon2 golang.org/x/crypto/blake2b,-gcflags='$(p)=-race=false')

# The compiler collects its garbage less often: a quarter less processor time for a tenth more memory. Its output is the same, and
# so are the keys of the build cache.
QUICKLY  := -toolexec 'env GOGC=400'

# A process with the race detector sleeps for a second before it exits, in case a goroutine still has a race to report. There are
# hundreds of them, and most live for less.
GORACE   ?= atexit_sleep_ms=50

# All tests share one build of the commands, for which none should wait inside its own time. A narrowed run may need none.
COMMANDS_FIRST := $(if $(filter file,$(origin PKG)),go run ./test/harness/cmd/binaries)
# With less space for temporary files all tests fail when it is full: a run whose packages are built already had 2,200 MB at once.
SPACE := $(if $(filter file,$(origin PKG)),--space 2500)

BUF        := bin/buf
PLUGINS    := bin/protoc-gen-go bin/protoc-gen-go-grpc bin/protoc-gen-grpc-gateway
LINTER     := bin/golangci-lint
GOTESTSUM  := bin/gotestsum
KUSTOMIZE  := bin/kustomize
KUBESCORE  := bin/kube-score
SBOM       := bin/cyclonedx-gomod
OVERLAYS   := dev prod dev/migrate prod/migrate
# The production overlay with its optional components, for the check without a server.
OPTIONAL   := ../../../test/deploy/testdata/optional
MODULES    := . gen sdk examples/mcp
# Parts of Kubernetes, for the two targets that run a real one.
KUBE       := $(addprefix bin/kube/,kubectl kube-apiserver kube-controller-manager kube-scheduler kubelet kube-proxy)
COMMANDS   := ./cmd/usher \
              ./services/identity/cmd/identity ./services/authz/cmd/authz \
              ./services/token/cmd/token ./services/consent/cmd/consent ./services/activity/cmd/activity \
              ./gateway/cmd/gateway

##@ Use it

.PHONY: help
help: ## List the targets
	@awk 'BEGIN { FS = ":.*## " } \
	  /^##@ / { printf "\n%s\n", substr($$0, 5) } \
	  /^[a-z][a-z0-9-]*:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: run
run: ## Build and run everything in one process, with demo data (needs only Go)
	@mkdir -p bin
	@[ -x bin/usher ] || echo "building bin/usher: the first time takes a minute or two"
	CGO_ENABLED=0 go build -trimpath -buildvcs=false -o bin/usher ./cmd/usher
	@exec bin/usher dev

.PHONY: build
build: ## Build bin/usher, the services and the gateway
	@mkdir -p bin
	CGO_ENABLED=0 go build -trimpath -o bin/ $(COMMANDS)

##@ Prove it

.PHONY: test
test: $(GOTESTSUM) $(KUSTOMIZE) ## Run every test with the race detector, on throw-away PostgreSQL and Redis (PKG=./x/... narrows)
	@tools/need-cc.sh
	@echo "building the tests with the race detector: the first time takes some minutes until a package is reported"
	CGO_ENABLED=1 GORACE='$(GORACE)' scripts/with-deps.sh $(SPACE) $(COMMANDS_FIRST) $(GOTESTSUM) --format pkgname-and-test-fails --format-hide-empty-pkg \
	  --post-run-command 'sh tools/testline.sh' -- -race $(NORACE) $(QUICKLY) -vet=off -count=1 -p 4 -timeout 60m $(PKG)

.PHONY: matrix
matrix: ## Run the stores, and two replicas of everything, on the oldest and the newest PostgreSQL, Redis and Valkey (STORES=./x narrows)
	@scripts/with-deps.sh scripts/matrix.sh fetch
	scripts/matrix.sh each go test -count=1 -p 2 -timeout 60m $(STORES)

.PHONY: check
check: generate-check breaking lint arch modules deploy-check monitoring-check test ## Everything that CI runs

.PHONY: lint
lint: $(LINTER) ## Run the linters; generated code is left out
	$(LINTER) run ./... $(if $(wildcard sdk/*.go sdk/*/*.go),./sdk/...)

.PHONY: arch
arch: ## Check the repository's own rules: who imports whom, sizes, package comments, redaction
	go test -count=1 ./internal/arch

.PHONY: words
words: ## List the private words of a folder with the field's (UNDER=services/token)
	USHER_TEST_WORDS=$(UNDER) go test -count=1 -run PrivateWordsAreRefused ./internal/arch

.PHONY: modules
modules: ## Build and vet each module alone, to prove every go.mod complete
	@for module in $(MODULES); do \
	  echo "GOWORK=off: $$module"; \
	  GOWORK=off go -C "$$module" build -o /dev/null ./...; \
	  GOWORK=off go -C "$$module" vet ./...; \
	done

.PHONY: vulncheck
vulncheck: bin/govulncheck ## Look for known vulnerabilities in what is imported (needs the network: not part of check)
	bin/govulncheck ./... ./sdk/... ./gen/...

.PHONY: fuzz
fuzz: ## Run each fuzz target for FUZZTIME (10s)
	@{ grep -rnoE '^func Fuzz[A-Za-z0-9_]+' --include='*_test.go' --exclude-dir=gen --exclude-dir=tools . || true; } | \
	while IFS=: read -r file _ target; do \
	  echo "$${target#func } in $${file%/*}"; \
	  go test -run='^$$' -fuzz="^$${target#func }$$" -fuzztime=$(FUZZTIME) "./$${file%/*}" </dev/null; \
	done

.PHONY: attack
attack: ## Attack a process for each service as in the tests, only longer and with more of everything (ROUNDS=1000 CROWD=10), then with GRANTS grants
	scripts/with-deps.sh go test -count=1 -v -timeout 2h ./test/attack -rounds $(ROUNDS) -crowd $(CROWD)
	@$(MAKE) endings

.PHONY: interop
interop: ## Run the examples of docs/grpc.md, clients.md, openid.md and quick-start.md, the slow ones too: Java, Spring, Apache, oauth2-proxy, next-auth, the inspector of MCP (fetches 330 MB once)
	scripts/with-deps.sh --clients go test -count=1 -v -timeout 60m -tags slow ./test/interop

.PHONY: pages
pages: ## Write a picture of every page to PICTURES (dist/pages), in light, dark and on a phone
	scripts/with-deps.sh go run ./test/browser/cmd/pages -to $(PICTURES)

.PHONY: bench
bench: build ## Measure against the limit on this machine (PostgreSQL with default durability)
	scripts/with-deps.sh --durable go run ./test/bench

.PHONY: rolling
rolling: ## Replace everything under a load for FOR (5m) and count what clients notice
	scripts/with-deps.sh go run ./test/rolling/cmd/rolling -for $(FOR)

.PHONY: crash
crash: ## Kill the token service at random moments, ROUNDS (200) with each retry window, and check the data; then any process, and check the audit trail
	scripts/with-deps.sh go run ./test/crash/cmd/crash -rounds $(ROUNDS)
	scripts/with-deps.sh go test -count=1 -v -timeout 2h ./test/activity -run "ACrashLosesNoEvent|GrantedRequestsAreCounted" -rounds $(ROUNDS)

.PHONY: flood
flood: ## Send 100,000 refused requests a minute that name one client, with and without the log, and compare what others take
	scripts/with-deps.sh --durable go run ./test/flood

.PHONY: endings
endings: ## Take access away from subjects on which GRANTS (1000000) grants hang, and measure what each ending and others take
	scripts/with-deps.sh --durable go run ./test/endings -grants $(GRANTS)

##@ Deploy it

.PHONY: deploy-check
deploy-check: $(KUSTOMIZE) $(KUBESCORE) ## Render every overlay, hold it against the API's types, kube-score and our own rules
	go test -count=1 ./internal/netpol ./test/deploy
	@tools/k8s/check.sh $(OVERLAYS) $(OPTIONAL)

.PHONY: monitoring-check
monitoring-check: bin/promtool ## Check the alerts and the dashboard with promtool and Grafana's own types
	@tools/monitoring/check.sh

.PHONY: k8s-validate
k8s-validate: $(KUSTOMIZE) bin/kubectl-validate ## Hold every overlay against the API server's schemas (the first time builds for 4 minutes)
	@tools/schema/validate.sh $(OVERLAYS)

.PHONY: k8s-verify
k8s-verify: etcd-needed bin/kube/kubectl bin/kube/kube-apiserver ## Hold every overlay against a real API server (needs etcd; the first time builds for 8 minutes)
	@tools/kube/verify.sh $(OVERLAYS)

.PHONY: k8s-e2e
k8s-e2e: cluster-needed $(KUBE) bin/kube/dns build images-oci ## Run the dev overlay on a cluster of one node, and replace its pods under load (20 minutes, as root; logs in dist/k8s)
	@tools/kube/e2e.sh

# Both look before anything is built.
.PHONY: etcd-needed cluster-needed
etcd-needed:
	@tools/kube/needs.sh etcd

cluster-needed:
	@[ "$$(id -u)" = 0 ] || { echo "k8s-e2e makes namespaces and control groups: run it as root" >&2; exit 1; }
	@tools/kube/needs.sh etcd containerd ctr runc iptables conntrack ip redis-server openssl jq /usr/lib/cni/bridge initdb

.PHONY: images
images: ## Build an image of every command with Docker or Podman, and without either as OCI archives (VERSION=v1.2.3)
	@deploy/docker/images.sh

.PHONY: images-oci
images-oci: $(SBOM) ## Build dist/images/<command>.tar and its SBOM, without Docker or Podman
	@deploy/docker/oci.sh

##@ Change it

.PHONY: netpol
netpol: ## Derive deploy/k8s/base/networkpolicy.yaml from the protos
	go run ./internal/netpol/cmd/netpol > deploy/k8s/base/networkpolicy.yaml.new
	mv deploy/k8s/base/networkpolicy.yaml.new deploy/k8s/base/networkpolicy.yaml

.PHONY: configuration
configuration: ## Write docs/configuration.md from the settings in the code
	go run ./cmd/usher config --markdown > docs/configuration.md.new
	mv docs/configuration.md.new docs/configuration.md

.PHONY: release-archive
release-archive: ## Keep a release's sources for test/upgrade, which runs it beside what follows (VERSION=0.2.0, tagged)
	@scripts/release-archive.sh $(VERSION)

.PHONY: generate
generate: $(BUF) $(PLUGINS) ## Format and lint the protos, then generate gen/, docs/errors.md and openapi.json anew
	$(BUF) format -w proto
	$(BUF) lint
	rm -rf gen/usher gen/gw
	$(BUF) generate
	$(BUF) generate --template buf.gen.docs.yaml

.PHONY: generate-check
generate-check: $(BUF) $(PLUGINS) ## Fail unless gen/, docs/errors.md and openapi.json are exactly what the protos give
	$(BUF) format --diff --exit-code proto
	$(BUF) lint
	@fresh=$$(mktemp -d); trap 'rm -rf "$$fresh"' EXIT; \
	$(BUF) generate -o "$$fresh"; \
	$(BUF) generate --template buf.gen.docs.yaml -o "$$fresh"; \
	for part in gen/usher gen/gw docs/errors.md gateway/internal/openapi/openapi.json; do \
	  diff -r -u "$$part" "$$fresh/$$part" || { echo "$$part is stale: run make generate" >&2; exit 1; }; \
	done

.PHONY: breaking
breaking: $(BUF) ## Fail when a proto change would break callers of the last commit on main
	@tools/breaking.sh $(BUF)

.PHONY: format
format: $(BUF) $(LINTER) ## Format Go and protos
	$(BUF) format -w proto
	$(LINTER) fmt ./...

.PHONY: tools
tools: $(BUF) $(PLUGINS) $(LINTER) $(GOTESTSUM) ## Build the pinned tools into bin/

.PHONY: clean
clean: ## Remove what was built; tools and ./data stay
	rm -f $(addprefix bin/,$(notdir $(COMMANDS))) coverage.out

$(KUBE): bin/kube/%: tools/kube/go.mod tools/kube/go.sum tools/kube/build.sh
	@tools/kube/build.sh $*

bin/kube/dns: tools/dns/main.go tools/dns/go.mod tools/dns/go.sum
	@mkdir -p bin/kube
	GOWORK=off GOFLAGS=-mod=readonly CGO_ENABLED=0 nice -n 19 go -C tools/dns build -p 1 -trimpath -ldflags '-s -w' -o "$(CURDIR)/$@" .

# promtool comes with Prometheus: it takes longer to build than everything else together.
bin/promtool:
	@mkdir -p bin
	tools/monitoring/promtool.sh $@

# One rule a tool: binary, its module under tools/, its package. The tool modules stay outside go.work, so that their
# versions never steer the product's.
define tool
bin/$(1): tools/$(2)/go.mod tools/$(2)/go.sum
	GOWORK=off GOFLAGS=-mod=readonly GOBIN=$$(CURDIR)/bin go -C tools/$(2) install $(3)
	@touch $$@
endef

$(eval $(call tool,buf,buf,github.com/bufbuild/buf/cmd/buf))
$(eval $(call tool,protoc-gen-go,gen,google.golang.org/protobuf/cmd/protoc-gen-go))
$(eval $(call tool,protoc-gen-go-grpc,gen,google.golang.org/grpc/cmd/protoc-gen-go-grpc))
$(eval $(call tool,protoc-gen-grpc-gateway,gen,github.com/grpc-ecosystem/grpc-gateway/v2/protoc-gen-grpc-gateway))
$(eval $(call tool,golangci-lint,lint,github.com/golangci/golangci-lint/v2/cmd/golangci-lint))
$(eval $(call tool,gotestsum,lint,gotest.tools/gotestsum))
$(eval $(call tool,govulncheck,vuln,golang.org/x/vuln/cmd/govulncheck))
$(eval $(call tool,kube-score,k8s,github.com/zegl/kube-score/cmd/kube-score))
$(eval $(call tool,kubectl-validate,schema,sigs.k8s.io/kubectl-validate))
$(eval $(call tool,cyclonedx-gomod,image,github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod))
$(eval $(call tool,kustomize,k8s,sigs.k8s.io/kustomize/kustomize/v5))
