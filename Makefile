# What people do with this tree. Only a Rust toolchain is needed to build; `make test` says what
# else it would use.

PREFIX ?= /usr/local
DESTDIR ?=
CARGO ?= cargo
TARGET := $(or $(CARGO_TARGET_DIR),target)

# Where the toolchain has the target, netns-exec is linked with musl, whose own start is short: the
# GNU C library executes cpuid many times, and on a virtual machine each is an exit to the host.
# Cargo has no setting for that: what it builds by itself is linked with the GNU C library. `MUSL=`
# does without.
MUSL = $(shell RUSTC='$(RUSTC)' .cargo/musl-target)
for_musl = $(if $(MUSL),--target $(MUSL))
netns_exec = $(TARGET)$(if $(MUSL),/$(MUSL))/$(1)/netns-exec
# The tests run in directories of their own.
tested = NETNS_EXEC="$(if $(filter /%,$(TARGET)),,$(CURDIR)/)$(call netns_exec,$(1))"

# Parts of the compliance tests that are about netns-resolve.
OF_NETNS_RESOLVE := compare differential dns many peers regressions resolve

.PHONY: help build demo musl test test-musl differential agreement comparison bench fmt lint doc install clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## Build all programs for development and tests
	$(CARGO) build --workspace --bins

demo: build ## Play the story of alpha and beta in a sandbox
	@$(TARGET)/debug/testbed demo

# The target, if rustup may add it.
musl:
	@RUSTC='$(RUSTC)' .cargo/musl-target --add >/dev/null

test: build ## Run all tests, and name those that could not run here
	@tests/install-needs
	$(CARGO) test --workspace --exclude etc-netns-tests
	$(CARGO) test -p etc-netns-tests
	@$(MAKE) --no-print-directory test-musl

# The tests of netns-exec once more, with the one that `make install` installs.
test-musl: build musl
	$(if $(MUSL),$(CARGO) build -p etc-netns-exec $(for_musl))
	$(if $(MUSL),$(call tested,debug) $(CARGO) test -p etc-netns-tests --test compliance \
		-- $(patsubst %,--skip %::,$(OF_NETNS_RESOLVE)),@echo \
		"not run: all tests of netns-exec linked with musl, which the toolchain has no target for")

differential: build ## Compare more generated files and questions with glibc: SEED=number N=number
	DIFFERENTIAL_SEED=$(or $(SEED),$(shell date +%s)) DIFFERENTIAL_FILES=$(or $(N),20000) \
		DIFFERENTIAL_QUERIES=$(or $(N),20000) \
		$(CARGO) test -p etc-netns-tests --test compliance -- differential

agreement: build ## Write docs/AGREEMENT.md: who answers as glibc does
	@tests/install-needs cc:gcc go:golang-go musl-gcc:musl-tools
	$(CARGO) bench --profile dev -p etc-netns-tests --bench agreement

comparison: build ## Write docs/COMPARE.md: what other wrappers do, case by case
	@tests/install-needs
	@tests/install-needs firejail:firejail
	$(CARGO) bench --profile dev -p etc-netns-tests --bench comparison

bench: musl ## Time commands against their peers, and count what they see of a storm of renames
	$(CARGO) build --release --workspace --bins
	$(CARGO) build --release -p etc-netns-exec $(for_musl)
	$(call tested,release) $(CARGO) bench -p etc-netns-tests --bench start \
		--bench names --bench hosts --bench storm --bench instructions
	$(CARGO) bench -p etc-netns-hostsfile -p etc-netns-resolver

fmt: ## Format the source
	$(CARGO) fmt --all

lint: ## Check format and lints
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets -- -D warnings

doc: ## Build the documentation of the libraries
	RUSTDOCFLAGS=-Dwarnings $(CARGO) doc --workspace --no-deps

install: ## Install programs, man pages and the systemd unit: PREFIX=/usr/local DESTDIR=
	$(CARGO) build --release -p etc-netns-resolve
	$(CARGO) build --release -p etc-netns-exec $(for_musl)
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/man/man8
	install -m 755 $(call netns_exec,release) $(TARGET)/release/netns-resolve \
		$(DESTDIR)$(PREFIX)/bin
	install -m 644 man/*.8 $(DESTDIR)$(PREFIX)/share/man/man8
	install -d $(DESTDIR)$(PREFIX)/lib/systemd/system
	sed 's|@BINDIR@|$(PREFIX)/bin|' systemd/netns-watch.service \
		>$(DESTDIR)$(PREFIX)/lib/systemd/system/netns-watch.service

clean: ## Remove all that was built
	$(CARGO) clean
