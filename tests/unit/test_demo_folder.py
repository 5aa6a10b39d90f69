"""The demo's folder: what is not the demo's is never removed."""

from __future__ import annotations

import pytest

from headwater.cli.demo.folder import MARKER, make_folder
from headwater.errors import ConfigError


def test_demo_folder__that_is_missing_or_empty__is_made(tmp_path):
    for folder in (tmp_path, tmp_path / "new" / "demo"):
        make_folder(folder)
        assert (folder / MARKER).exists()


def test_demo_folder__that_holds_somebodys_files__is_refused_and_left_alone(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "thesis.txt").write_text("years of work")
    with pytest.raises(ConfigError, match="nothing in it was touched"):
        make_folder(tmp_path)
    assert (tmp_path / "data" / "thesis.txt").exists()
    assert not (tmp_path / MARKER).exists()


def test_demo_folder__of_an_earlier_demo__loses_only_what_that_wrote(tmp_path):
    folder, elsewhere = tmp_path / "demo", tmp_path / "elsewhere"
    make_folder(folder)
    elsewhere.mkdir()
    (elsewhere / "kept").touch()
    (folder / "store").symlink_to(elsewhere)
    (folder / "data").mkdir()
    (folder / "data" / "trainer-1.csv").touch()
    (folder / "report.json").touch()
    (folder / "notes.txt").touch()
    make_folder(folder)
    assert {path.name for path in folder.iterdir()} == {MARKER, "notes.txt"}
    assert (elsewhere / "kept").exists()


def test_demo_folder__that_is_a_file__is_refused(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match="cannot be written"):
        make_folder(tmp_path / "file")
