"""Servers of their own around a script, and the browser that looks at them."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "app" / "streamlit_app.py"
BARE = Path(__file__).with_name("bare_page.py")
BARE_CHART = Path(__file__).with_name("bare_chart.py")


class Server(NamedTuple):
    address: str
    pid: int

    @property
    def resident_mb(self) -> float:
        """Megabytes of its memory that are in RAM now."""
        text = Path(f"/proc/{self.pid}/status").read_text(encoding="utf-8")
        found = re.search(r"VmRSS:\s+(\d+) kB", text)
        return int(found[1]) / 1024 if found else 0.0


@contextmanager
def served(script: Path, url: str) -> Iterator[Server]:
    """A server of its own around a script, on a store."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.serve_page", str(script)],
        cwd=ROOT,
        env=os.environ | {"NINES_DATABASE_URL": url, "NINES_LOG_LEVEL": "error", "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        line = process.stdout.readline() if process.stdout else ""
        address = re.search(r"http://[^ ]+", line)
        if not address:
            raise RuntimeError(f"the server did not start: {line}")
        yield Server(address[0], process.pid)
    finally:
        process.terminate()
        process.communicate(timeout=20)


def chromium() -> str:
    """Where Chromium is. Raises RuntimeError with a sentence where it is not."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if found := shutil.which(name):
            return found
    raise RuntimeError("Pages are measured in Chromium, and there is none here: install chromium.")
