"""Packages that are the same bytes whenever they are made from the same parts: slides and workbooks are zips."""

import io
import zipfile

_FIRST = "[Content_Types].xml"
_EPOCH = (1980, 1, 1, 0, 0, 0)


def same(package: bytes, drop: frozenset[str] = frozenset()) -> bytes:
    """The package with its parts in the order of their names, without the times at which they were written; parts in
    `drop` are left out."""
    written = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(package)) as old, zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as new:
        for name in sorted(old.namelist(), key=lambda name: (name != _FIRST, name)):
            if name not in drop:
                part = zipfile.ZipInfo(name, _EPOCH)
                part.compress_type = zipfile.ZIP_DEFLATED
                part.external_attr = 0o600 << 16
                part.create_system = 3
                new.writestr(part, old.read(name))
    return written.getvalue()
