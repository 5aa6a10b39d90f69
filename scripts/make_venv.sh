#!/usr/bin/env bash
# Make .venv with $PYTHON, or with the first Python on PATH that is new enough.
set -euo pipefail

fail() {
  echo "install: $1" >&2
  exit 1
}

new_enough() {
  "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

python=${PYTHON:-}
if [ -z "$python" ]; then
  for candidate in python3 python3.11 python3.12 python3.13 python3.14; do
    if new_enough "$candidate"; then
      python=$candidate
      break
    fi
  done
fi
[ -n "$python" ] || fail "Python 3.11 or newer is needed and none is on PATH; set PYTHON=path/to/python3"
new_enough "$python" || fail "$python is older than Python 3.11, or does not start"
"$python" -c 'import ensurepip' 2>/dev/null || fail "$python has no ensurepip; on Debian and Ubuntu: apt install python3-venv"
"$python" -m venv --clear .venv
