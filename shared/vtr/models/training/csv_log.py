"""A CSV file that training appends to: one row a report, the columns fixed by the first."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path


class CsvLog:
    """``path`` with a header row; rows after ``keep_until`` of an interrupted run are dropped on resume."""

    def __init__(self, path: Path, *, keep_until: int = 0) -> None:
        self._path = path
        self._columns: list[str] = []
        if keep_until and path.exists():
            with path.open(newline="") as file:
                rows = [row for row in csv.DictReader(file) if int(row["step"]) <= keep_until]
            path.unlink()
            for row in rows:
                self.write(row)
        elif path.exists():
            path.unlink()

    def write(self, row: Mapping[str, object]) -> None:
        """Appends ``row``, which has a ``step``; keys that the first row lacked are an error."""
        new = not self._columns
        if new:
            self._columns = list(row)
        with self._path.open("a", newline="") as file:
            writer = csv.DictWriter(file, self._columns)
            if new:
                writer.writeheader()
            writer.writerow(row)
