# The project's commands; `make` alone lists them. Each works from a fresh clone.
.PHONY: help setup check test demo bench fuzz package lock clean
.DEFAULT_GOAL := help
unexport PYTHONDONTWRITEBYTECODE PYTHONPATH PYTHONHOME VIRTUAL_ENV

bin := .venv/bin

help:
	@sed -n 's/^\([a-z]*\):.*## /make \1\t/p' $(MAKEFILE_LIST) | expand -t 13

setup: ## makes .venv with ipsec-client, pcli and ipsec-lab; installs what is missing for that
	@tools/setup

check: setup ## format, lint, types, rooms and the pure tests: a minute at most, no root
	@$(bin)/python tools/run_tests.py check

test: setup ## everything CI runs: check, Libreswan's own checkers, and the lab (its kernel is built once)
	@$(bin)/python tools/run_tests.py all

demo: setup ## the documented example live in the lab, with failover; figures in build/demo.json
	@$(bin)/ipsec-lab demo

bench: setup ## what the promises cost on this machine; figures in build/bench.json
	@$(bin)/python -m bench.run

MINUTES := 10

fuzz: setup ## ten minutes (or MINUTES=1) of fuzzing all that reads what others wrote; findings in build/fuzz
	@$(bin)/python -m tools.fuzz --minutes $(MINUTES)

package: setup ## .deb and .rpm of router and conductor, into build/packages; the same bytes for the same commit
	@$(bin)/python -m tools.package

lock: setup ## writes requirements.lock anew from pyproject.toml, and docs/third-party.md from it
	@tools/lock
	@tools/setup
	@$(bin)/python -m tools.third_party

clean: ## removes what the commands above made in this folder
	rm -rf .venv build .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	find src tests tools bench -name __pycache__ -type d -prune -exec rm -rf {} +
