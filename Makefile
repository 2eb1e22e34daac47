# Everything starts here: `make demo` shows it at work, `make test` checks all of it.
# PYTHON=... chooses the interpreter (3.11 or later) that .venv is made with.

.PHONY: help demo test train run bench gpu-bench setup people page engine-tf1 engine-tf2 engine-onnx-gpu engines
.PHONY: converter coverage hooks kinds page-tests release
.PHONY: install uninstall install-user uninstall-user service-tests cluster-tests
.PHONY: lint types imports tests faults format lock generated picture clean
.DEFAULT_GOAL := help

VENV := .venv
BIN := $(VENV)/bin
SHARED ?= ../shared
NETWORKS ?= .train/networks
READY := $(VENV)/.ready
# Files of tests that run at once. Most wait for a daemon most of the time, and those of one file share
# what they start.
JOBS ?= 3
FAULT_JOBS ?= 2
# What `make` installs besides, and the service too.
EXTRAS = --extra cluster --extra formats --extra onnx --extra modelscope --extra web
# It counts how long one photo waits, and no other test is to take its time.
ALONE = tests/faults/test_backlog.py
# In a directory of its own: when pytest 9.2 tidies up after earlier runs, it leaves a scan open now
# and then, and a warning is an error here.
PYTEST = tmp=$$(mktemp -d) && trap 'rm -rf "$$tmp"' EXIT && $(BIN)/python -m pytest --basetemp="$$tmp/t"

# They start thousands of our processes, and to import the daemon takes a fifth less if its modules need
# not be compiled each time, whatever the developer's environment has it.
tests faults page-tests cluster-tests service-tests: export PYTHONDONTWRITEBYTECODE =

help: ## Say what can be made
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "make %-15s %s\n", $$1, $$2}' Makefile

demo: people ## Start the real daemon, scan photos into its inbox, show the results (PHOTOS=dir: yours)
	@$(BIN)/matted demo $(if $(PHOTOS),--photos "$(PHOTOS)")

run: people ## Run the daemon in the foreground, from ./inbox to ./results
	@mkdir -p inbox results
	@echo "Drop photos into ./inbox; what comes of them is filed in ./results. Ctrl-C ends it."
	@$(BIN)/matted run --config config/run.yaml

test: lint types imports tests ## Check everything: format, lint, types, import rules, tests, coverage

install: ## Install as a service below /opt/matted (as root; docs/service.md)
	@sh systemd/install machine

uninstall: ## Remove that service; settings, state and results stay
	@sh systemd/install remove

install-user: ## Install as a service of your own, without root
	@sh systemd/install user

uninstall-user: ## Remove that one
	@sh systemd/install remove-user

faults: people ## Break it in every way, for a quarter of an hour, and count what is lost (root breaks more)
	@$(PYTEST) -m "faults or not faults" --numprocesses=$(FAULT_JOBS) --dist=loadfile tests/faults \
	    --ignore=$(ALONE) && \
	    $(BIN)/python -m pytest --basetemp="$$tmp/a" -m "faults or not faults" $(ALONE)

cluster-tests: people ## Kill machines that work together and cut their lines, for some minutes (root does more)
	@$(PYTEST) -m "cluster or not cluster" tests/cluster tests/daemon/cluster tests/daemon/executors

page-tests: page ## Test the page in a real browser, with a photo of 100 megapixels, too (two minutes)
	@$(PYTEST) -m "page or not page" tests/daemon/web

service-tests: $(READY) ## Test the service on a systemd that is booted for it (as root)
	@$(PYTEST) -m service tests/service

bench: people ## Measure where time and memory go, and how near the limit (PEER=1: beside rembg)
	@$(BIN)/python -m tests.benchmarks

kinds: people ## Make every kind of result from three photos; print what other programs say of them
	@$(BIN)/python -m tests.benchmarks.kinds

gpu-bench: $(READY) ## Measure full BSHM on the GPU beside the published figures (docs/gpu.md)
	@$(BIN)/python -m tests.benchmarks.gpu --check
	@$(MAKE) --no-print-directory $(if $(MODEL),,converter) $(if $(filter cpu,$(DEVICE)),setup,engine-onnx-gpu)
	@$(BIN)/python -m tests.benchmarks.gpu

train: .venv-train/.ready ## Train our own weights again (docs/weights.md: SHARED=photos, NETWORKS=dir, MINUTES=each)
	.venv-train/bin/python -m matting.training prepare --shared $(SHARED) --networks $(NETWORKS)
	.venv-train/bin/python -m matting.training coarse --networks $(NETWORKS) $(if $(MINUTES),--minutes $(MINUTES))
	.venv-train/bin/python -m matting.training fine --networks $(NETWORKS) $(if $(MINUTES),--minutes $(MINUTES))

setup: people page ## Install everything into .venv and stop there

page: $(READY) ## Fetch what the page shows large photos with, unless it is there
	@sh .ci/page $(VENV)

people: $(READY) ## Install the network that finds people into .venv, unless it is there
	@sh .ci/people $(VENV)

$(READY): requirements.lock pyproject.toml .ci/setup
	@sh .ci/setup $(VENV)
	@touch $@

engine-tf1: .venv-tf1/.ready ## Make .venv-tf1: Python 3.7 (PYTHON37=...) with tensorflow-gpu 1.15.5

engine-tf2: .venv-tf2/.ready ## Make .venv-tf2: current TensorFlow, for the processor

engine-onnx-gpu: .venv-onnx-gpu/.ready ## Make .venv-onnx-gpu: ONNX Runtime with CUDA, 3 GB

converter: engine-tf2 ## What `matted model convert` needs, which is in .venv-tf2, too

.venv-train/.ready: pyproject.toml
	python3 -m venv .venv-train
	.venv-train/bin/pip install --quiet --editable .[train]
	@touch $@

.venv-tf1/.ready: requirements-tf1.lock .ci/engine .ci/python37
	@sh .ci/engine tf1

.venv-tf2/.ready: requirements-tf2.lock .ci/engine | $(READY)
	@sh .ci/engine tf2

.venv-onnx-gpu/.ready: requirements-onnx-gpu.lock .ci/engine | $(READY)
	@sh .ci/engine onnx-gpu

# What cannot be made is said here, and once more by the tests that have to be skipped.
engines: $(READY)
	@$(MAKE) --no-print-directory --jobs=2 --keep-going engine-tf1 engine-tf2 || \
	    echo "AN ENGINE'S ENVIRONMENT IS MISSING (see above); what runs in it is NOT tested" >&2

lint: $(READY)
	$(BIN)/ruff format --check --quiet .
	$(BIN)/ruff check --quiet .

types: $(READY)
	$(BIN)/mypy

imports: $(READY)
	$(BIN)/lint-imports --no-logo

tests: people page engines
	@# pymatting compiles itself when it is first imported: once here, not in each of the processes.
	@$(BIN)/python -c 'import pymatting'
	@# What was covered is told even where a test failed: then there is one thing less to wait for.
	@set -e; tmp=$$(mktemp -d); trap 'rm -rf "$$tmp"' EXIT; mkdir "$$tmp/c"; ended=0; \
	COVERAGE_FILE="$$tmp/c/.coverage" $(BIN)/python -m coverage run -m pytest --basetemp="$$tmp/t" \
	    --numprocesses=$(JOBS) --dist=loadfile || ended=$$?; \
	$(BIN)/python -m coverage combine --quiet --data-file=.coverage "$$tmp/c"; \
	if ! $(BIN)/python -m coverage report >"$$tmp/table"; then tail -n 2 "$$tmp/table"; exit 1; fi; \
	grep '^TOTAL' "$$tmp/table"; exit $$ended

coverage: ## Say which lines and branches no test took, after `make test`
	@$(BIN)/python -m coverage report --show-missing

hooks: $(READY) ## Check format, lint, types and imports before each commit
	@$(BIN)/pre-commit install

release: people page ## Build dist/ (sdist and wheel), and run the wheel's demo in an environment of its own
	@sh .ci/release $(VENV)

format: $(READY) ## Bring the code into shape
	$(BIN)/ruff format --quiet .
	$(BIN)/ruff check --quiet --fix .

generated: $(READY) ## Write config/ anew from the settings classes
	$(BIN)/python -c "from daemon.config import example as e; print(e.commented_yaml(), end='')" > config/matted.example.yaml
	$(BIN)/python -c "from daemon.config import example as e; print(e.json_schema(), end='')" > config/matted.schema.json
	sed -f systemd/instance.sed systemd/matted.service > systemd/matted@.service

picture: demo ## Renew the README's picture from the demo's
	$(BIN)/python -c "import cv2; cv2.imwrite('docs/demo.jpg', cv2.imread('demo-out/overview.png'), [1, 90])"

lock: $(READY) ## Renew the lock files from pyproject.toml
	$(BIN)/python -m pip install --quiet uv
	{ head -n 1 requirements.lock; $(BIN)/uv pip compile --quiet --universal --upgrade \
	    --group dev $(EXTRAS) --generate-hashes --no-emit-index-url --no-header \
	    --python-version 3.11 pyproject.toml; } > requirements.lock.new
	mv requirements.lock.new requirements.lock
	{ head -n 1 requirements-run.lock; $(BIN)/uv pip compile --quiet --universal --generate-hashes \
	    --no-emit-index-url --no-header --python-version 3.11 --constraint requirements.lock \
	    $(EXTRAS) pyproject.toml; } > requirements.lock.new
	mv requirements.lock.new requirements-run.lock
	for name in tf1:3.7 tf2:3.11 onnx-gpu:3.11; do \
	    { sed -n 1p requirements-$${name%:*}.lock; $(BIN)/uv pip compile --quiet --upgrade \
	        $$([ $$name = tf1:3.7 ] || echo --universal) --group $${name%:*} --generate-hashes \
	        --no-emit-index-url --no-header --python-version $${name#*:}; } > lock.new && \
	    mv lock.new requirements-$${name%:*}.lock || exit 1; \
	done

clean: ## Remove what was built; photos and results stay
	rm -rf $(VENV) .venv-tf1 .venv-tf2 .venv-onnx-gpu demo-out bench-out kinds-out dist .coverage .mypy_cache .ruff_cache .pytest_cache .hypothesis
