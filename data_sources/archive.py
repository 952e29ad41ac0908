"""Folders and zips as lists of files, and the refusal of zips that are not what they seem."""

import io
import zipfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path, PurePosixPath
from tempfile import SpooledTemporaryFile
from typing import Any, BinaryIO, NamedTuple

from data_sources.delimited import Unreadable

MOST_FILES = 1_000
MOST_BYTES = 8 << 30
"""Of a zip, or of a workbook, unpacked."""
MOST_RATIO = 250
_SMALL = 16 << 20
"""Up to this size unpacked a file may be packed as tightly as it likes."""
_IN_MEMORY = 32 << 20


class Member(NamedTuple):
    """A file: on disk, in a folder, or in a zip."""

    name: str
    size: int
    open: Callable[[], AbstractContextManager[BinaryIO]]


def members(path: Path) -> Iterator[Member]:
    """The files at a path: itself, those of a folder and of the folders in it, or those of a zip.

    Raises Unreadable for a zip that is broken, locked, or would unpack into more than it should.
    """
    if path.is_dir():
        for inner in sorted(path.iterdir()):
            yield from _below(inner, path)
    else:
        yield from _file(path, path.name)


def _below(inner: Path, top: Path) -> Iterator[Member]:
    if inner.is_dir() and not _hidden(inner.name):
        for file in sorted(inner.iterdir()):
            if file.is_file() and not _hidden(file.name):
                yield from _file(file, file.relative_to(top).as_posix())
    elif inner.is_file() and not _hidden(inner.name):
        yield from _file(inner, inner.name)


def _hidden(name: str) -> bool:
    return name.startswith((".", "~$", "__MACOSX"))


def _file(path: Path, name: str) -> Iterator[Member]:
    if path.suffix.lower() == ".zip":
        yield from _zipped(path, name)
        return
    if path.suffix.lower() in (".xlsx", ".xlsm"):
        with path.open("rb") as stream:
            _checked(stream, name)
    yield Member(name, path.stat().st_size, lambda: path.open("rb"))


def _zipped(path: Path, name: str) -> Iterator[Member]:
    with path.open("rb") as stream:
        infos = _checked(stream, name)
    for info in infos:
        inner = PurePosixPath(info.filename)
        if info.is_dir() or any(_hidden(part) for part in inner.parts):
            continue
        book = inner.suffix.lower() in (".xlsx", ".xlsm")
        open_member = _unpacked(path, info.filename) if book else _streamed(path, info.filename)
        if book:
            with open_member() as stream:
                _checked(stream, f"{name}/{inner}")
        yield Member(f"{name}/{inner}", info.file_size, open_member)


def _checked(stream: BinaryIO, name: str) -> list[zipfile.ZipInfo]:
    """The members of a zip that is safe to unpack."""
    try:
        with zipfile.ZipFile(stream) as packed:
            infos = packed.infolist()
    except (zipfile.BadZipFile, ValueError, OSError, EOFError) as cause:
        raise Unreadable("is broken, or locked with a password: pack or save it again") from cause
    if len(infos) > MOST_FILES:
        raise Unreadable(f"holds {len(infos):,} files, more than {MOST_FILES:,}: split it")
    if sum(info.file_size for info in infos) > MOST_BYTES:
        raise Unreadable(f"would unpack into more than {MOST_BYTES >> 30} GB: split it")
    for info in infos:
        inside = PurePosixPath(info.filename.replace("\\", "/"))
        if inside.is_absolute() or ".." in inside.parts or ":" in inside.parts[:1]:
            raise Unreadable(f"holds a file that points outside of it ({info.filename}): pack it again")
        if info.flag_bits & 1:
            raise Unreadable("is locked with a password: pack it again without one")
        if info.file_size > _SMALL and info.file_size > MOST_RATIO * max(info.compress_size, 1):
            raise Unreadable(f"is packed beyond belief ({info.filename}): is it a zip bomb?")
    return infos


def _streamed(path: Path, member: str) -> Callable[[], AbstractContextManager[BinaryIO]]:
    @contextmanager
    def opened() -> Iterator[BinaryIO]:
        with zipfile.ZipFile(path) as packed, packed.open(member) as stream:
            yield _Checked(stream)  # type: ignore[misc]

    return opened


def _unpacked(path: Path, member: str) -> Callable[[], AbstractContextManager[Any]]:
    @contextmanager
    def opened() -> Iterator[Any]:
        with SpooledTemporaryFile(_IN_MEMORY) as whole:
            with zipfile.ZipFile(path) as packed, packed.open(member) as stream:
                reader = _Checked(stream)
                while block := reader.read(1 << 20):
                    whole.write(block)
            whole.seek(0)
            yield whole

    return opened


class _Checked(io.BufferedIOBase):
    """A member's bytes; a wrong checksum or broken packing is told in a sentence."""

    def __init__(self, stream: Any):
        self._stream = stream

    def read(self, size: int | None = -1) -> bytes:
        try:
            return bytes(self._stream.read(size))
        except (zipfile.BadZipFile, EOFError, OSError, ValueError, NotImplementedError) as cause:
            raise Unreadable("is broken inside its zip: pack it again") from cause
        except Exception as cause:
            if type(cause).__module__ in ("zlib", "lzma", "_lzma"):
                raise Unreadable("is broken inside its zip: pack it again") from cause
            raise

    def readline(self, size: int | None = -1) -> bytes:
        try:
            return bytes(self._stream.readline(-1 if size is None else size))
        except (zipfile.BadZipFile, EOFError, OSError, ValueError) as cause:
            raise Unreadable("is broken inside its zip: pack it again") from cause
