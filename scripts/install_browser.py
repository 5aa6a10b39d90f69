"""What `make viewer-test` needs besides: Playwright from PyPI, and Chromium as the system has it.

Playwright's own browsers are not downloaded. Where there is no Chromium or Chrome, Debian's is installed if this is
root on a system that has apt-get, as CI is; else the user is told how.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

from headwater.tools import ROOT

BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def main() -> None:
    """Install what is missing."""
    pip = [sys.executable, "-m", "pip", "install", "-qq", "--no-compile", "--constraint", "constraints.txt"]
    subprocess.run([*pip, "--editable", ".[viewer]"], cwd=ROOT, check=True)
    if any(map(shutil.which, BROWSERS)):
        return
    if os.geteuid() or not shutil.which("apt-get"):
        sys.exit("viewer-test: Chromium is missing: install the package `chromium`, or Chrome, and run it again")
    print("installing Debian's chromium", flush=True)
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(["apt-get", "update", "-qq"], env=environment, check=True)
    command = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium"]
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    main()
