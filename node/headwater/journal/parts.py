"""In which tasks an account was what: so that one that was restarted collects what ended tasks still owe it."""

from __future__ import annotations

from headwater.journal.database import Database


class Parts:
    """Roles by the place of their task, `Task.place`. Methods raise JournalError where the disk fails."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known = {(row["place"], row["role"]) for row in database.rows("SELECT place, role FROM parts")}

    def add(self, place: str, role: str) -> None:
        """Write down that the account acts in a role."""
        if (place, role) in self._known:
            return
        with self._database.transaction() as rows:
            rows.execute("INSERT OR IGNORE INTO parts (place, role) VALUES (?, ?)", (place, role))
        self._known.add((place, role))

    def has(self, place: str, role: str) -> bool:
        """Whether it has acted in it."""
        return (place, role) in self._known
