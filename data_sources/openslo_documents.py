"""OpenSLO files as documents whose every value knows its line: YAML or JSON, one object, a list, several documents."""

import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import yaml

Place = tuple[str | int, ...]
ENDINGS = frozenset({".yaml", ".yml", ".json"})
LARGEST = 8 << 20
"""Bytes of one file."""


class Document(NamedTuple):
    """One object of a file."""

    file: str
    value: Any
    lines: Mapping[Place, int]
    """Path of a value → the line where it begins."""

    def line(self, place: Place) -> int:
        """Where a value stands, or what it should stand in."""
        while place and place not in self.lines:
            place = place[:-1]
        return self.lines.get(place, 1)


class Warned(NamedTuple):
    """A departure, located."""

    file: str
    line: int
    reason: str

    def __str__(self) -> str:
        return f"{self.file} line {self.line}: {self.reason}"


class Text(NamedTuple):
    """A file as it was read; `data` is None for one that is too large."""

    name: str
    data: bytes | None


def texts(path: Path) -> Iterator[Text]:
    """The files at a path: itself; of a git checkout what git tracks; of a folder all that may be OpenSLO.

    Raises OSError where it cannot be read.
    """
    if not path.is_dir():
        yield _text(path, path.name)
        return
    for file in _tracked(path) or sorted(path.rglob("*")):
        inside = file.relative_to(path)
        hidden = any(part.startswith(".") for part in inside.parts)
        if file.suffix.lower() in ENDINGS and file.is_file() and not hidden:
            yield _text(file, inside.as_posix())


def _tracked(path: Path) -> list[Path]:
    if not (path / ".git").exists():
        return []
    listed = ["git", "-C", str(path), "ls-files", "-z"]
    try:
        told = subprocess.run(listed, capture_output=True, check=True, timeout=60).stdout
    except (OSError, subprocess.SubprocessError):
        return []
    return [path / name for name in sorted(told.decode("utf-8", "replace").split("\0")) if name]


def _text(path: Path, name: str) -> Text:
    return Text(name, path.read_bytes() if path.stat().st_size <= LARGEST else None)


def documents(text: Text) -> tuple[list[Document], list[Warned]]:
    """The objects of a file, and why some of it is none."""
    if text.data is None:
        return [], [Warned(text.name, 1, f"it is larger than {LARGEST >> 20} MB, too large for a definition")]
    found: list[Document] = []
    try:
        for node in yaml.compose_all(text.data.decode("utf-8-sig"), yaml.SafeLoader):
            if node is None:
                continue
            for one in node.value if isinstance(node, yaml.SequenceNode) else [node]:
                lines: dict[Place, int] = {}
                value = _plain(one, (), lines, 0)
                if value is not None:
                    found.append(Document(text.name, value, lines))
    except UnicodeDecodeError:
        return [], [Warned(text.name, 1, "it is not text in UTF-8")]
    except (yaml.YAMLError, RecursionError) as cause:
        mark = getattr(cause, "problem_mark", None)
        return found, [Warned(text.name, mark.line + 1 if mark else 1, "from here on it is no YAML")]
    return found, []


def _plain(node: yaml.Node, place: Place, lines: dict[Place, int], deep: int) -> Any:
    if deep > 50 or len(lines) > 200_000:
        raise RecursionError
    lines[place] = node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        found = {}
        for key, value in node.value:
            name = str(key.value)
            found[name] = _plain(value, (*place, name), lines, deep + 1)
            lines[*place, name] = key.start_mark.line + 1
        return found
    if isinstance(node, yaml.SequenceNode):
        return [_plain(one, (*place, at), lines, deep + 1) for at, one in enumerate(node.value)]
    return _scalar(node)


def _scalar(node: yaml.Node) -> Any:
    text, tag = str(node.value), node.tag.rpartition(":")[2]
    try:
        if tag == "null":
            return None
        if tag == "bool":
            return text.lower() in {"true", "yes", "on"}
        if tag == "int":
            return int(text.replace("_", ""), 0)
        if tag == "float":
            return float(text.replace("_", "").replace(".inf", "inf").replace(".nan", "nan"))
    except ValueError:
        pass
    return text
