"""What the server does beside answering: it looks every now and then whether something is due, and has another process
do it, so that readers have this one for themselves."""

import logging
import os
import subprocess
import sys
import threading
from abc import ABC, abstractmethod
from collections.abc import Sequence

from app.store.engine import StoreError

_GATHERING = 2.0
"""Seconds after it is woken: what happens at once is looked at once."""


class Beside(ABC):
    """A thread that looks now and then, from the server's start to its end."""

    def __init__(self, name: str, failing: str, first: float, every: float, most: float | None = None) -> None:
        """`failing` is said where the store does not answer; after a look that did not end well it waits longer each
        time, up to `most` seconds."""
        self._failing, self._first, self._every, self._most = failing, first, every, most or every
        self._log = logging.getLogger(type(self).__module__)
        self._left = threading.Event()
        self._woken = threading.Event()
        self._child: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    @abstractmethod
    def look(self) -> bool:
        """Does what is due: whether all of it ended well. Raises StoreError."""

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Ends it, with what it has begun."""
        self._left.set()
        self._woken.set()
        child = self._child
        if child is not None and child.poll() is None:
            child.terminate()

    def wake(self) -> None:
        """Has it look in a moment, in which more may happen, and not only when its time has come."""
        self._woken.set()

    def have(self, *command: str) -> tuple[int, str]:
        """Has a command of `nines` done at low priority, which ends with the server: its exit code, and the first line
        of what it said of errors."""
        nice = (lambda: os.nice(10)) if hasattr(os, "nice") else None
        self._child = subprocess.Popen(
            nines(command), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, preexec_fn=nice
        )
        _, told = self._child.communicate()
        lines = told.decode("utf-8", "replace").strip().splitlines()
        return self._child.returncode, lines[0] if lines else f"it ended with {self._child.returncode}"

    @property
    def left(self) -> bool:
        """Whether the server stops, so that a command that was ended says nothing."""
        return self._left.is_set()

    def _run(self) -> None:
        wait = self._first
        while not self._waited(wait):
            try:
                well = self.look()
            except StoreError as cause:
                self._log.warning("%s: %s", self._failing, cause)
                well = False
            wait = self._every if well else min(max(wait, self._every) * 2, self._most)

    def _waited(self, seconds: float) -> bool:
        """Waits until it is time to look, or it is woken: whether the server stops meanwhile."""
        if self._woken.wait(seconds) and self._left.wait(_GATHERING):
            return True
        self._woken.clear()
        return self.left


def nines(command: Sequence[str]) -> tuple[str, ...]:
    """A command of `nines` as a process of this Python."""
    return (sys.executable, "-c", "from app.cli import main; main()", *command)
