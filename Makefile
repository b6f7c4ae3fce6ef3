# `make demo` and `make test` need Python 3.11 and make; everything else they install into .venv.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile --constraint constraints.txt
# On all cores, which pip does not; tests of other packages are never run.
COMPILE := $(BIN)/python -m compileall -q -j 0 -x '/tests?/' $(VENV)/lib >/dev/null 2>&1 || true

RECIPES ?= cartpole/ppo cartpole/ppo-sprint cartpole/dqn  # what `make verify` verifies: minutes, not days

.PHONY: demo test tests test-processors lint verify bench docs clean

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "make: no python3.11 found; install Python 3.11 or set PYTHON=/path/to/python"; exit 2; }
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.user: pyproject.toml constraints.txt | $(BIN)/python
	@echo "installing into $(VENV) (once)"
	@$(PIP) --editable ".[video,studio]"
	@$(COMPILE)
	@touch $@

$(VENV)/.developer: pyproject.toml constraints.txt | $(BIN)/python
	@echo "installing into $(VENV) what the tests need too (once)"
	@$(PIP) --editable ".[all,bench,cluster,envpool,dev]"
	@$(COMPILE)
	@touch $(VENV)/.user $@

BROWSERS := chromium chromium-browser google-chrome

$(VENV)/.browser: | $(BIN)/python
	@for name in $(BROWSERS); do command -v $$name >/dev/null && exit 0; done; \
		echo "installing Chromium, in which the studio's pages are tested (once)"; \
		{ apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium; } >/dev/null 2>&1 || \
		echo "make: Chromium could not be installed; without it the tests in a browser are skipped (apt-get install chromium)"
	@touch $@

demo: $(VENV)/.user  ## train, evaluate, plot and film a first agent
	@$(BIN)/palestra train cartpole/ppo --video
	@echo "see it in a page, and train another: $(BIN)/palestra studio --allow-launch"

lint: $(VENV)/.developer
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy

# Types are checked while the tests run, and Chromium comes while packages do. Three tests at once on two cores: some wait.
test:  ## formatting, lint, types, and every test but the slow proofs
	@$(MAKE) --no-print-directory --jobs 2 lint tests

tests: $(VENV)/.developer $(VENV)/.browser
	@OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 3 --dist worksteal -m "not slow"

# PyTorch's kernels, MKL and oneDNN choose instructions by the processor, and sums are cut up by threads: each rounds in a
# way of its own. `make test` is the machine's own with one thread. MKL_ENABLE_INSTRUCTIONS is heeded on Intel's
# processors, MKL_CBWR on all. Two threads wait for each other without spinning, or beside any other work they hardly move.
OLDEST := ATEN_CPU_CAPABILITY=default MKL_CBWR=COMPATIBLE OMP_NUM_THREADS=1
AVX2 := ATEN_CPU_CAPABILITY=avx2 OMP_NUM_THREADS=2 OMP_WAIT_POLICY=PASSIVE
OLD_LIBRARIES := MKL_ENABLE_INSTRUCTIONS=SSE4_2 ONEDNN_MAX_CPU_ISA=AVX2 OMP_NUM_THREADS=1
OWN := OMP_NUM_THREADS=2 OMP_WAIT_POLICY=PASSIVE

test-processors: lint $(VENV)/.developer $(VENV)/.browser  ## every test but the slow proofs, under other processors' instructions and with two threads
	@failed=; for held in "$(OLDEST)" "$(AVX2)" "$(OLD_LIBRARIES)" "$(OWN)"; do \
		echo "test-processors: $$held"; \
		env -u ATEN_CPU_CAPABILITY -u MKL_CBWR -u MKL_ENABLE_INSTRUCTIONS -u ONEDNN_MAX_CPU_ISA $$held \
			$(BIN)/python -m pytest -n 2 --dist worksteal -m "not slow" || failed="$$failed; $$held"; \
	done; \
	test -z "$$failed" || { echo "test-processors: not green under $${failed#; }"; exit 1; }
	@echo "test-processors: green under $(OLDEST); $(AVX2); $(OLD_LIBRARIES); $(OWN)"

verify: $(VENV)/.developer $(VENV)/.browser  ## the slow proofs: 200 kills, and ten seeds of each of RECIPES (--claimed for all of them)
	@OMP_NUM_THREADS=1 $(BIN)/python -m pytest -s -m slow
	@$(BIN)/palestra verify $(RECIPES)

bench: $(VENV)/.developer  ## every benchmark, one after another, on a quiet machine
	@for name in time_to_solve ppo_throughput ppo_lunarlander dqn_throughput dqn_lunarlander sac_throughput sac_curves checkpoint_cost bandits plain_loops interval_coverage anomalies methods estimator_cost kmeans recommendation ratings value_iteration pendulum_optimum inverse_kinematics recurrent together data_parallel lenet_epoch time_to_accuracy arm_speed atari_speed practice sweep serve studio claims errata journeys; do $(BIN)/python bench/$$name.py || exit 1; done
	@$(BIN)/python bench/arm_reach.py --train arm-reach-pixels/dagger --levels

docs: $(VENV)/.developer  ## the generated pages, docs/algorithms and docs/errata.md, and the table of the records
	@$(BIN)/python -m palestra.trials.records
	@$(BIN)/python docs/build.py

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis
