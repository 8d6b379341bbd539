# Makes .venv and installs into it; sourced by quickstart.sh and test.sh.
# PYTHON names the interpreter, else the first of 3.12, 3.11 and python3 that works.

cd "$(dirname "${BASH_SOURCE[0]}")/.."

works() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

if [ ! -x .venv/bin/python ]; then
  for candidate in "${PYTHON:-}" python3.12 python3.11 python3; do
    if [ -n "$candidate" ] && works "$candidate"; then found=$candidate; break; fi
  done
  if [ -z "${found:-}" ]; then
    echo "error: PYTHON=${PYTHON:-}: expected Python 3.11 or newer, found none" >&2
    exit 2
  fi
  "$found" -m venv .venv
fi

install() { .venv/bin/python -m pip install --quiet --disable-pip-version-check "$@"; }
