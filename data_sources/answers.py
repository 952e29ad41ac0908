"""What a live source answered, word for word, for some days: `keep_answers_days` in `sources.yaml`.

One file a reading, `answers/SOURCE/20261129T031500Z.jsonl.gz` beside `sources.yaml`, for the account that reads alone;
a line an answer, in their order: `zcat` shows them. A reading that is killed leaves what it heard.
"""

import gzip
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

from data_sources.http import SourceError


class Answers:
    """Keeps the answers of one reading, and forgets those of readings that are older than so many days."""

    def __init__(self, folder: Path, source: str, days: float, at: datetime) -> None:
        self._folder = folder / "answers" / quote(source, safe="")
        self._file = self._folder / f"{at:%Y%m%dT%H%M%SZ}.jsonl.gz"
        oldest = f"{at - timedelta(days=days):%Y%m%dT%H%M%SZ}"
        for file in self._folder.glob("*.jsonl.gz"):
            if file.name < oldest:
                file.unlink(missing_ok=True)

    def __call__(self, asked: str, form: Mapping[str, Any] | None, status: int, answer: Any) -> None:
        """Keeps one; `answer` is without secrets. Raises SourceError where they cannot be written."""
        told = {"asked": asked, **({"form": dict(form)} if form else {}), "status": status, "answer": answer}
        line = json.dumps(told, ensure_ascii=False).encode("utf-8", "replace") + b"\n"
        try:
            if not self._file.exists():
                self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                self._file.touch(mode=0o600)
            with self._file.open("ab") as held:
                held.write(gzip.compress(line, 6))
        except OSError as cause:
            why = f"What it answers cannot be kept in {self._folder} ({cause.strerror or cause}): make room there."
            raise SourceError("configuration", why) from None
