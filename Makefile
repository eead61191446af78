# `make` or `make help` lists the targets.
#
# One debug build serves tests and demo. Warnings are errors, and every target names what it imports.

SWIFT ?= swift
BUILD_FLAGS ?= --explicit-target-dependency-import-check error
FLEET = .build/debug/fleet

# A seed to replay, or how many seeds to play.
SEED ?=
SEEDS ?= 200

.DEFAULT_GOAL := help
.PHONY: help packages build test demo sim tsan nightly bench release fmt lint clean

help: ## List the targets
	@awk 'BEGIN { FS = ":.*## " } /^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

packages: ## Install what the build, the tests and the demo need (Debian; asks for root)
	@.ci/run --packages-only

# The two libraries that the build cannot do without: told here, not by a page of compiler errors.
.PHONY: _libraries
_libraries:
	@command -v pkg-config >/dev/null && pkg-config --exists libssh2 sqlite3 && exit 0; \
	if [ "$$(uname -s)" = Darwin ]; then \
		test -e /opt/homebrew/include/libssh2.h -o -e /usr/local/include/libssh2.h && exit 0; \
		echo "error: libssh2 is missing: brew install libssh2" >&2; exit 1; \
	fi; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then exec .ci/run --packages-only; fi; \
	echo "error: pkg-config, libssh2 or SQLite is missing (development packages): make packages" >&2; exit 1

build: _libraries ## Build everything for debugging, tests included
	$(SWIFT) build --build-tests $(BUILD_FLAGS)

# What computes runs side by side; what listens, waits and measures runs one test after the other, in two lanes that take
# about as long: the suite that drives the binary mostly waits.
LANE_1 = FleetKubernetesTests FleetLocalTests FleetSimulationServerTests FleetJournalTests FleetSSHTests SandboxTests
LANE_2 = FleetCommandsTests
NOTHING =
SPACE = $(NOTHING) $(NOTHING)

# On Linux the test bundle is a program of its own.
BUNDLE = .build/debug/fleetPackageTests.xctest --testing-library swift-testing
RUN_TESTS = $(if $(filter Linux,$(shell uname -s)),$(BUNDLE),$(SWIFT) test --skip-build --disable-xctest)

test: build ## Run all tests; a missing tool is a skip, and a failure where CI is set
	@lane() { for suite; do $(RUN_TESTS) --no-parallel --filter "^$$suite\." || echo "== failed: $$suite"; done; }; \
	{ $(RUN_TESTS) --skip '$(subst $(SPACE),|,$(LANE_1) $(LANE_2))' || echo "== failed: the pure suites"; \
	lane $(LANE_1) & lane $(LANE_2) & wait; } 2>&1 | tee .build/tests.log
	@test -s .build/tests.log && ! grep -qE '^== failed: |Test run with 0 tests' .build/tests.log || { \
		echo; echo "== what failed"; grep -E '^== failed: |✘|Test run with 0 tests' .build/tests.log; exit 1; }

demo: build ## Decommission 4 of 12 nodes in 3 waves, on a simulated cluster and sandboxed hosts
	$(FLEET) demo

sim: build ## Play seeds against the machines: SEEDS=200, or SEED=17 to replay one
	FLEET_SEED=$(SEED) FLEET_SEEDS=$(SEEDS) $(SWIFT) test --skip-build $(BUILD_FLAGS) --filter FleetRehearsalTests

# What has threads and locks of its own. Only these targets are built with the sanitizer; there is no binary to drive,
# and memory is not measured.
THREAD_TESTS = FleetSSHTests FleetJournalTests FleetRuntimeTests

tsan: _libraries ## Run what has threads under Thread Sanitizer: the SSH, journal and runtime suites
	FLEET_TESTS="$(THREAD_TESTS)" $(SWIFT) build --build-tests --sanitize thread --scratch-path .build-tsan $(BUILD_FLAGS)
	$(subst .build/,.build-tsan/,$(BUNDLE)) --no-parallel --skip '^FleetSSHTests\.(Exec(Command|Settings)|DoctorCommand|Leak)Tests'

nightly: build ## What takes hours: 100,000 seeds, 500 kills of the real binary, Thread Sanitizer for runs of the binary too
	$(MAKE) sim SEEDS=100000
	FLEET_CRASHES=500 $(BUNDLE) --no-parallel --filter '^FleetCommandsTests\.CrashRunTests'
	TSAN_OPTIONS="suppressions=$(CURDIR)/Tests/thread-sanitizer.suppressions" \
		$(MAKE) tsan THREAD_TESTS="$(THREAD_TESTS) FleetCommandsTests fleet"

bench: _libraries ## Measure plans, rehearsals and SSH beside their bounds (Tests/Benchmarks)
	$(SWIFT) run --configuration release --package-path Tests/Benchmarks Planning
	$(SWIFT) run --configuration release --package-path Tests/Benchmarks Benchmarks

release: _libraries ## Build .build/release/fleet, optimised
	$(SWIFT) build --configuration release --product fleet
	@ls -lh .build/release/fleet

fmt: ## Format the sources as .swift-format says
	$(SWIFT) format --in-place --parallel --recursive Package.swift Sources Tests

lint: ## Say where the sources differ from .swift-format
	$(SWIFT) format lint --strict --parallel --recursive Package.swift Sources Tests

clean: ## Remove everything that was built
	rm -rf .build .build-tsan
