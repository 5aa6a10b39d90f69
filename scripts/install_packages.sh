#!/usr/bin/env bash
# Install headwater with its extras `prover` and `merge`, editable, into .venv; with `dask`, what more machines need, too; with
# `tools`, that and those for contracts and tests.
# Where there are hashes (locks/), what a registry gives must have them; elsewhere constraints.txt alone says what is wanted.
set -euo pipefail

extras=prover,merge
locks=(--requirement locks/node.txt)
case "${1:-}" in
  dask)
    extras=prover,merge,dask
    locks+=(--requirement locks/dask.txt)
    ;;
  tools)
    extras=prover,merge,dask,brownie,dev
    locks+=(--requirement locks/dask.txt --requirement locks/tools.txt)
    ;;
esac
pip=(.venv/bin/python -m pip install -qq --no-compile)
if .venv/bin/python -c 'import platform, sys; p = (sys.platform, platform.machine(), sys.implementation.name, sys.version_info[:2])
sys.exit(p != ("linux", "x86_64", "cpython", (3, 11)))'; then
  "${pip[@]}" --no-deps --require-hashes "${locks[@]}"
fi
"${pip[@]}" --constraint constraints.txt --editable ".[$extras]"
