"""The demo's folder: emptied of what an earlier demo wrote, and of nothing else."""

from __future__ import annotations

import shutil
from pathlib import Path

from headwater.errors import ConfigError

MARKER = ".headwater-demo"
WRITTEN = ("anvil.log", "data", "deployments", "ipfs.log", "nodes", "report.json", "store")


def make_folder(folder: Path) -> None:
    """Make the folder, or remove what an earlier demo left in it.

    Raises:
        ConfigError: it holds files that are not the demo's, or cannot be written.
    """
    try:
        if folder.exists() and any(folder.iterdir()) and not (folder / MARKER).is_file():
            raise ConfigError(
                f"{folder} is not empty, and no demo made it: nothing in it was touched",
                "name a new folder with --out, or empty this one yourself",
            )
        folder.mkdir(parents=True, exist_ok=True)
        (folder / MARKER).touch()
        for name in WRITTEN:
            path = folder / name
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
    except OSError as error:
        raise ConfigError(
            f"{error.filename or folder} cannot be written: {error.strerror}", "name another folder with --out"
        ) from error
