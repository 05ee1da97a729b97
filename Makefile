# What can be done with a clone; `make` alone lists it. Everything is built into target/.

CARGO ?= cargo
grid ?= examples/http_request.hcl
body ?= check
target := $(or $(CARGO_TARGET_DIR),target)
bggo := $(target)/release/bggo
demo := $(target)/demo/http_request

.PHONY: help demo dev test test-full install bench docs editor fuzz

help: ## list the targets
	@grep -E '^[a-z-]+:.*##' Makefile | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 20

demo: $(bggo) ## draw, build, run and load the HTTP workflow
	@mkdir -p $(dir $(demo))
	@echo "== the graph of examples/http_request.hcl"
	@$(bggo) graph examples/http_request.hcl
	@echo "== build"
	@$(bggo) build examples/http_request.hcl -o $(demo)
	@echo "== one file, nothing to load"
	@stat -c %s $(demo) | awk '{printf "size: %.1f MB\n", $$1 / 1e6}'
	@if readelf -l $(demo) | grep -q INTERP; then echo "not static"; exit 1; else echo "static: it has no interpreter segment"; fi
	@echo "== once, as a functional test"
	@$(demo)
	@echo "== 50 users for 10 seconds"
	@$(demo) --vus 50 --duration 10s

dev: $(bggo) ## build and run a grid again on each save: make dev grid=examples/http_request.hcl
	@$(bggo) run $(grid) --watch

# cargo knows best whether it is fresh. The first time takes minutes, so it shows what it does; later it has nothing to say.
# Static as its programs are: a third of the time of a `check` was the loading of libraries.
.PHONY: $(bggo)
$(bggo):
	@$(if $(wildcard $(bggo)),,echo "== bggo itself: built once, which takes some minutes")
	@$(CARGO) rustc --release --locked --package bggo --bin bggo $(if $(wildcard $(bggo)),--quiet) -- \
		-C target-feature=+crt-static -C relocation-model=static

test: ## everything that CI runs
	tests/install.sh
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets -- -D warnings
	$(CARGO) clippy --package bggo-metrics --features tools -- -D warnings
	INSTA_UPDATE=no $(CARGO) test --workspace --no-fail-fast

test-full: test ## the same, with many more seeds, changed answers and changed grids: make test-full seeds=100 mutations=10000000 seconds=3600
	BGGO_FAULT_SEEDS=$(or $(seeds),50) $(CARGO) test --package bggo-tests --test faults
	BGGO_POSTGRES_ROUNDS=10 $(CARGO) test --package bggo-module-postgres --test sessions splits
	BGGO_POSTGRES=$$(tests/postgres18.sh) $(CARGO) test --package bggo-module-postgres --test sessions
	MUTATIONS=$(or $(mutations),1000000) $(CARGO) test --release --package bggo-http1 --package bggo-http2 --test mutations
	MUTATIONS=$(or $(mutations),1000000) $(CARGO) test --release --package bggo-http-3 --lib a_changed_head
	MUTATIONS=$(or $(mutations),1000000) $(CARGO) test --release --package bggo-module-rabbitmq --lib a_stream
	MUTATIONS=$(or $(mutations),1000000) $(CARGO) test --release --package bggo-module-redis --lib oracle
	BGGO_FUZZ_SECONDS=$(or $(seconds),600) $(CARGO) test --package bggo --test fuzz_corpus
	BGGO_EDIT_SECONDS=$(or $(seconds),600) $(CARGO) test --package bggo --test lsp edits

install: $(bggo) ## put bggo into ~/.cargo/bin
	install -D $(bggo) $(or $(CARGO_HOME),$(HOME)/.cargo)/bin/bggo

bench: $(bggo) ## measure every figure that is promised, an hour long; needs two cores that nothing else uses
	tests/benches/rates/peers.sh
	$(CARGO) bench --package bggo-tests --bench figures
	$(CARGO) bench --package bggo-tests --bench rates

editor: ## pack the extension of VS Code into target/bggo.vsix
	editors/vscode/pack.sh

docs: ## open the manual of the crates
	$(CARGO) doc --workspace --no-deps --open

fuzz: ## feed a stage nonsense until stopped: make fuzz body=parse (check, emit, format, http1, http2); needs cargo-fuzz and a nightly toolchain
	cd tests/fuzz && mkdir -p corpus/$(body) && \
		$(CARGO) +nightly fuzz run $(body) corpus/$(body) ../fixtures ../../examples -- -dict=hcl.dict
