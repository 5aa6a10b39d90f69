"""What takes long to make is made by one process at a time, also where one of them is killed meanwhile."""

from __future__ import annotations

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from headwater.tools import one_at_a_time

HOLDER = """
import sys, time
from pathlib import Path
from headwater.tools import one_at_a_time
with one_at_a_time(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(600)
"""


def test_one_at_a_time__by_many_at_once__makes_it_once(tmp_path):
    made, result = [], tmp_path / "folder" / "result"

    def make(number: int) -> None:
        with one_at_a_time(result):
            if not result.exists():
                time.sleep(0.05)  # as it takes long to make
                made.append(number)
                result.touch()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(make, range(8)))
    assert len(made) == 1


def test_one_at_a_time__while_a_process_has_it__waits__until_that_is_killed(tmp_path):
    result = tmp_path / "result"

    def take() -> bool:
        with one_at_a_time(result):
            return True

    command = [sys.executable, "-c", HOLDER, str(result)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as holder, ThreadPoolExecutor(1) as pool:
        try:
            assert holder.stdout.readline() == "held\n"
            taken = pool.submit(take)
            with pytest.raises(TimeoutError):
                taken.result(0.5)
        finally:
            holder.kill()
        assert taken.result(60)
