"""What a node remembers: whole or not at all, for one process at a time, and secrets only while they are needed."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from eth_account import Account

from headwater.errors import JournalError
from headwater.journal import cursor, database
from headwater.journal.cursor import Cursor
from headwater.journal.database import Database
from headwater.journal.intents import Intent, Intents, State
from headwater.journal.journal import open_journal
from headwater.journal.secrets import SecretStore
from headwater.journal.trimming import trim

KEY = Account.from_key("0x" + "42" * 32)
OTHER = Account.from_key("0x" + "43" * 32)
CHAIN = "31337-0011223344556677"
PROOF = os.urandom(3000)


@pytest.fixture
def file(tmp_path):
    opened = Database(tmp_path / "journal.sqlite")
    yield opened
    opened.close()


def an_intent(nonce: int = 0, **changes) -> Intent:
    made = Intent(CHAIN, KEY.address, nonce, "TaskManager.join", b"raw %d" % nonce, b"hash %d" % nonce)
    return replace(made, **changes)


def keep(intents: Intents, intent: Intent) -> Intent:
    """Write an intent down as it is."""
    return intents.reserve(intent.chain, intent.sender, intent.nonce, lambda _: intent)


class TestDatabase:
    def test_file__is_its_owners_alone_and_written_through(self, file, tmp_path):
        keep(Intents(file), an_intent())

        assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}
        assert file.rows("PRAGMA synchronous")[0][0] == 2  # FULL
        assert file.rows("PRAGMA journal_mode")[0][0] == "wal"

    def test_transaction__that_fails_halfway__leaves_nothing(self, file):
        def write():
            with file.transaction() as rows:
                rows.execute("INSERT INTO secrets (name, sealed) VALUES ('a', x'00')")
                rows.execute("INSERT INTO nowhere VALUES (1)")

        with pytest.raises(JournalError, match="no such table"):
            write()
        assert file.rows("SELECT * FROM secrets") == []

    def test_schema__of_an_older_release__is_brought_up_and_keeps_what_it_holds(self, tmp_path, monkeypatch):
        path = tmp_path / "journal.sqlite"
        first = Database(path)
        keep(Intents(first), an_intent())
        first.close()
        monkeypatch.setattr(database, "MIGRATIONS", (*database.MIGRATIONS, "ALTER TABLE intents ADD COLUMN note TEXT;"))

        second = Database(path)

        assert second.rows("SELECT nonce, note FROM intents")[0][:] == (0, None)
        assert second.rows("PRAGMA user_version")[0][0] == len(database.MIGRATIONS)
        second.close()

    def test_migration__that_fails__changes_nothing(self, tmp_path, monkeypatch):
        path = tmp_path / "journal.sqlite"
        Database(path).close()
        broken = "ALTER TABLE intents ADD COLUMN note TEXT; ALTER TABLE nowhere ADD COLUMN x TEXT;"
        with monkeypatch.context() as patch:
            patch.setattr(database, "MIGRATIONS", (*database.MIGRATIONS, broken))
            with pytest.raises(JournalError, match="nowhere"):
                Database(path)

        again = Database(path)
        assert again.rows("PRAGMA user_version")[0][0] == len(database.MIGRATIONS)
        assert "note" not in [row["name"] for row in again.rows("PRAGMA table_info(intents)")]
        again.close()

    def test_schema__of_a_newer_release__is_refused(self, tmp_path):
        path = tmp_path / "journal.sqlite"
        connection = sqlite3.connect(path)
        connection.execute("PRAGMA user_version = 99")
        connection.close()

        with pytest.raises(JournalError, match="has schema 99") as caught:
            Database(path)
        assert "newest release" in caught.value.hint

    def test_file__that_is_no_database__says_what_to_do(self, tmp_path):
        path = tmp_path / "journal.sqlite"
        path.write_bytes(b"something else entirely " * 100)

        with pytest.raises(JournalError, match="not a database") as caught:
            Database(path)
        assert "move the file away" in caught.value.hint

    def test_folder__that_cannot_be_written__is_an_error_of_the_journal(self, tmp_path):
        (tmp_path / "journal").write_text("a file where the folder should be")

        with pytest.raises(JournalError, match="cannot be"), open_journal(tmp_path, KEY):
            pass

    def test_disk__when_it_is_full__then_nothing_is_lost_and_room_is_enough(self, file):
        intents = Intents(file)
        keep(intents, an_intent(0))
        intents.mark(an_intent(0), State.MINED)
        (pages,) = file.rows("PRAGMA page_count")[0]
        file.rows(f"PRAGMA max_page_count = {pages}")
        large = an_intent(1, raw=b"x" * 100_000)

        with pytest.raises(JournalError, match="full") as caught:
            keep(intents, large)
        assert "free disk space" in caught.value.hint
        assert [(intent.nonce, intent.state) for intent in intents.all()] == [(0, State.MINED)]

        file.rows("PRAGMA max_page_count = 100000")
        keep(intents, large)
        assert intents.all()[1].raw == large.raw


class TestIntents:
    @pytest.mark.parametrize(
        ("states", "used", "free"),
        (
            ({}, 3, 3),
            ({0: State.PREPARED}, 0, 1),
            ({0: State.SENT, 1: State.PREPARED}, 0, 2),
            ({0: State.SENT, 1: State.FAILED, 2: State.SENT}, 0, 1),
            ({0: State.REPLACED, 1: State.SENT}, 0, 0),
            ({0: State.MINED, 1: State.MINED, 2: State.SENT}, 1, 3),
            ({0: State.SENT}, 4, 4),
        ),
        ids=("none", "one", "two", "a hole", "at the start", "blocks that were dropped", "used elsewhere"),
    )
    def test_reserve__takes_the_lowest_nonce_that_is_free(self, file, states, used, free):
        intents = Intents(file)
        for nonce, state in states.items():
            intents.mark(keep(intents, an_intent(nonce)), state)

        intent = intents.reserve(CHAIN, KEY.address, used, lambda nonce: an_intent(nonce, hash=b"new"))

        assert intent.nonce == free
        other = an_intent(sender=OTHER.address, hash=b"of another")
        assert intents.next_nonce(CHAIN, other.sender, 0) == 0
        keep(intents, other)

    def test_reserve__by_many_threads__gives_each_nonce_once(self, file):
        intents = Intents(file)
        with ThreadPoolExecutor(8) as threads:
            taken = list(threads.map(lambda _: intents.reserve(CHAIN, KEY.address, 0, an_intent).nonce, range(40)))

        assert sorted(taken) == [intent.nonce for intent in intents.in_flight(CHAIN, KEY.address)] == list(range(40))

    def test_reserve__when_it_cannot_be_signed__takes_no_nonce(self, file):
        intents = Intents(file)
        with pytest.raises(ZeroDivisionError):
            intents.reserve(CHAIN, KEY.address, 0, lambda nonce: an_intent(1 // nonce))

        assert intents.reserve(CHAIN, KEY.address, 0, an_intent).nonce == 0

    def test_nonce__that_one_in_flight_has__is_refused_to_another_by_the_database(self, file):
        intents = Intents(file)
        keep(intents, an_intent(0))

        with pytest.raises(JournalError, match="UNIQUE"):
            keep(intents, an_intent(0, hash=b"another"))
        keep(intents, an_intent(0, chain="1-00", hash=b"elsewhere"))

    def test_replace__leaves_one_in_flight(self, file):
        intents, better = Intents(file), an_intent(hash=b"better")
        intents.replace(keep(intents, an_intent()), better)

        assert [intent.hash for intent in intents.open(CHAIN, KEY.address, 0)] == [b"better"]
        assert [intent.state for intent in intents.at(CHAIN, KEY.address, 0)] == [State.PREPARED, State.REPLACED]

    def test_mark__of_the_first_as_mined__replaces_the_others_of_its_nonce(self, file):
        intents = Intents(file)
        intents.replace(keep(intents, an_intent()), an_intent(hash=b"better"))

        intents.mark(an_intent(), State.MINED)

        assert [intent.state for intent in intents.at(CHAIN, KEY.address, 0)] == [State.REPLACED, State.MINED]
        assert intents.open(CHAIN, KEY.address, 1) == []

    def test_open__when_the_chain_is_shorter_than_what_was_mined__names_what_it_dropped(self, file):
        intents = Intents(file)
        for nonce in range(4):
            keep(intents, an_intent(nonce))
            intents.mark(an_intent(nonce), State.MINED)

        assert [intent.nonce for intent in intents.open(CHAIN, KEY.address, 2)] == [2, 3]

    def test_open__does_not_read_all_that_was_ever_sent(self, file):
        intents, queries = Intents(file), []
        file._connection.set_trace_callback(queries.append)
        intents.open(CHAIN, KEY.address, 0)
        intents.in_flight(CHAIN, KEY.address)
        file._connection.set_trace_callback(None)

        plan = [row["detail"] for query in queries for row in file.rows(f"EXPLAIN QUERY PLAN {query}")]
        assert len(queries) == 2
        reads = [step for step in plan if "intents" in step]
        narrow = ("INDEX one_a_nonce", "nonce>?", "INTEGER PRIMARY KEY")
        assert [step for step in reads if any(way in step for way in narrow)] == reads
        assert len(reads) == 5

    def test_intents__of_another_process__are_read_as_they_were_written(self, tmp_path):
        with open_journal(tmp_path, KEY) as journal:
            keep(journal.intents, an_intent())
        with open_journal(tmp_path, KEY) as journal:
            (intent,) = journal.intents.all()

        assert intent == replace(an_intent(), prepared_at=intent.prepared_at)
        assert intent.prepared_at > 1.7e9


class TestCursor:
    def hashes(self, *forks: tuple[int, str]):
        """The hash of a block: each fork renames the blocks from its number on."""

        def hash_of(number):
            if number > 9:
                return None
            return f"{number}{[name for first, name in ((0, ''), *forks) if number >= first][-1]}".encode()

        return hash_of

    @pytest.fixture
    def read(self, file):
        """A cursor that has seen blocks 1, 2, 4, 5, 7 and 9."""
        seen = Cursor(file, CHAIN)
        for number in (1, 2, 4, 5, 7, 9):
            seen.advance(number, self.hashes()(number))
        return seen

    def test_cursor__at_the_beginning__has_read_nothing(self, file):
        assert Cursor(file, CHAIN).last is None
        assert Cursor(file, CHAIN).rewind(self.hashes()) is None

    def test_rewind__when_nothing_changed__stays(self, read):
        assert read.rewind(self.hashes()) == read.last == 9

    @pytest.mark.parametrize(("fork", "standing"), ((9, 7), (8, 7), (6, 5), (5, 4), (2, 1), (1, None)))
    def test_rewind__after_a_fork__finds_the_newest_block_that_stands(self, read, fork, standing):
        assert read.rewind(self.hashes((fork, "b"))) == standing
        assert read.last == standing

    def test_rewind__when_the_chain_is_shorter__then_missing_blocks_are_dropped(self, read):
        assert read.rewind(lambda number: self.hashes()(number) if number < 5 else None) == 4

    def test_advance__after_a_rewind__goes_on_along_the_fork(self, read):
        fork = self.hashes((5, "b"))
        read.rewind(fork)
        read.advance(6, fork(6))

        assert read.rewind(fork) == 6

    def test_cursor__of_another_chain__is_another(self, read, file):
        assert Cursor(file, "1-00").last is None

    def test_blocks__that_are_old__are_forgotten(self, file, monkeypatch):
        monkeypatch.setattr(cursor, "KEPT", 3)
        seen = Cursor(file, CHAIN)
        for number in range(8):
            seen.advance(number, self.hashes()(number))

        assert seen.rewind(self.hashes((5, "b"))) is None


class TestSecrets:
    def test_secret__when_kept__then_it_survives_and_is_nowhere_in_the_open(self, tmp_path):
        with open_journal(tmp_path, KEY) as journal:
            journal.secrets.put("proof/1/7", PROOF)
            kept = b"".join(path.read_bytes() for path in (tmp_path / "journal").iterdir())
        with open_journal(tmp_path, KEY) as journal:
            assert journal.secrets.get("proof/1/7") == PROOF

        assert PROOF[:16] not in kept
        assert bytes(KEY.key) not in kept

    def test_secret__when_deleted__then_not_even_its_ciphertext_is_in_the_files(self, file, tmp_path):
        secrets = SecretStore(file, KEY)
        secrets.put("a", PROOF)
        secrets.put("b", PROOF)
        sealed = {row["name"]: row["sealed"] for row in file.rows("SELECT * FROM secrets")}
        on_disk = lambda: b"".join(path.read_bytes() for path in tmp_path.iterdir())  # noqa: E731
        assert sealed["a"][-300:] in on_disk()

        secrets.delete("a")

        assert secrets.get("a") is None
        assert secrets.names() == ["b"]
        assert sealed["a"][-300:] not in on_disk()
        assert sealed["b"][-300:] in on_disk()

    def test_secret__of_another_key_or_name__does_not_open(self, file):
        SecretStore(file, KEY).put("a", PROOF)
        file.rows("INSERT INTO secrets SELECT 'b', sealed FROM secrets")

        for account, name in ((OTHER, "a"), (KEY, "b")):
            with pytest.raises(JournalError, match="does not open"):
                SecretStore(file, account).get(name)

    def test_names__are_found_by_what_they_start_with(self, file):
        secrets = SecretStore(file, KEY)
        for name in ("proof/1/7", "proof/2/1", "other"):
            secrets.put(name, b"")

        assert secrets.names("proof/") == ["proof/1/7", "proof/2/1"]


class TestLock:
    HOLD = """
import sys
from pathlib import Path
from eth_account import Account
from headwater.journal.journal import open_journal
with open_journal(Path(sys.argv[1]), Account.from_key("0x" + "42" * 32)):
    print("open", flush=True)
    sys.stdin.read()
"""

    @pytest.fixture
    def holder(self, tmp_path):
        """Another process that has the journal open."""
        command = [sys.executable, "-c", self.HOLD, str(tmp_path)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout.readline() == "open\n"
            yield process
            process.kill()

    def test_journal__while_another_process_has_it__is_refused_and_says_which(self, holder, tmp_path):
        with pytest.raises(JournalError, match=f"process {holder.pid} already runs with account {KEY.address}"):
            self.open(tmp_path)

    def test_journal__of_another_key__is_free(self, holder, tmp_path):
        with open_journal(tmp_path, OTHER) as journal:
            assert journal.intents.all() == []

    def test_journal__when_its_process_was_killed__is_free(self, holder, tmp_path):
        holder.send_signal(signal.SIGKILL)
        holder.wait()

        self.open(tmp_path)

    def open(self, home: Path) -> None:
        with open_journal(home, KEY):
            pass


def test_trim__of_transactions_settled_for_long__keeps_what_is_on_its_way_and_the_newest():
    database = Database(None)
    with database.transaction() as rows:
        for nonce, state in enumerate(("mined", "sent", "failed", "replaced", "mined")):
            values = ("chain", "0x1", nonce, "name", b"raw", bytes([nonce]), state, 0.0, 0.0)
            rows.execute(
                "INSERT INTO intents (chain, sender, nonce, name, raw, hash, state, prepared_at, changed_at)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                values,
            )
    assert trim(database) == 3
    assert [(intent.nonce, intent.state) for intent in Intents(database).all()] == [(1, State.SENT), (4, State.MINED)]


def test_trim__of_transactions_settled_lately__forgets_none():
    database = Database(None)
    with database.transaction() as rows:
        for nonce in range(3):
            rows.execute(
                "INSERT INTO intents (chain, sender, nonce, name, raw, hash, state, prepared_at, changed_at)"
                " VALUES ('chain', '0x1', ?, 'name', x'00', ?, 'mined', 0, ?)",
                (nonce, bytes([nonce]), time.time()),
            )
    assert trim(database) == 0
