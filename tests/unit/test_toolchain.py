"""One compiler with one set of settings, whoever calls it."""

import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from headwater.errors import CompilerError, ConfigError
from headwater.solc import SOLC_VERSION, compile_standard, find_solc
from headwater.tools import find_tool

ROOT = Path(__file__).resolve().parents[2]
FORGE = tomllib.loads((ROOT / "foundry.toml").read_text())["profile"]["default"]
BROWNIE = yaml.safe_load((ROOT / "brownie-config.yaml").read_text())["compiler"]
SETTINGS = {"outputSelection": {"*": {"*": ["evm.deployedBytecode.object"]}}}


def source(version: str = SOLC_VERSION, body: str = "uint256 public value;") -> dict[str, str]:
    return {"Box.sol": f"// SPDX-License-Identifier: MIT\npragma solidity {version};\ncontract Box {{ {body} }}\n"}


@pytest.fixture
def unfound() -> Iterator[None]:
    """The compiler is looked for again, by this test and by the next."""
    find_solc.cache_clear()
    yield
    find_solc.cache_clear()


def test_settings__when_forge_and_brownie_compile__then_compiler_and_optimizer_agree():
    assert FORGE["solc"].endswith(f"solc-v{SOLC_VERSION}")
    assert BROWNIE["solc"]["version"] == SOLC_VERSION
    assert BROWNIE["evm_version"] == FORGE["evm_version"]
    assert BROWNIE["solc"]["optimizer"] == {"enabled": FORGE["optimizer"], "runs": FORGE["optimizer_runs"]}


def test_compile_standard__when_source_is_right__then_returns_bytecode():
    output = compile_standard(source(), SETTINGS)

    assert output["contracts"]["Box.sol"]["Box"]["evm"]["deployedBytecode"]["object"].startswith("60")


def test_compile_standard__when_source_is_wrong__then_says_where():
    with pytest.raises(CompilerError, match=r"Box\.sol:3"):
        compile_standard(source(body="uint256 public value"), SETTINGS)


@pytest.mark.usefixtures("unfound")
def test_find_solc__when_the_executable_is_missing__then_says_what_to_do(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HEADWATER_SOLC", "/nowhere/solc")

    with pytest.raises(ConfigError, match="make install"):
        find_solc()


@pytest.mark.usefixtures("unfound")
def test_find_solc__when_it_is_another_version__then_refuses(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    other = tmp_path / "solc"
    other.write_text("#!/bin/sh\necho 'Version: 0.8.19+commit.7dd6d404.Linux.g++'\n")
    other.chmod(0o755)
    monkeypatch.setenv("HEADWATER_SOLC", str(other))

    with pytest.raises(ConfigError, match=r"0\.8\.19"):
        find_solc()


def test_find_tool__when_a_tool_is_missing__then_says_what_to_do():
    with pytest.raises(ConfigError, match="make install"):
        find_tool("no-such-tool")


@pytest.mark.parametrize("tool", ("anvil", "cast", "forge"))
def test_find_tool__when_foundry_is_installed__then_finds_the_pinned_binary(tool: str):
    assert find_tool(tool) == ROOT / "build" / "bin" / tool
