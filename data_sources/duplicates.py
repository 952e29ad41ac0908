"""Which rows bring a key that an earlier row of the same import already brought, in about 24 bytes a row."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc

_LINE_BITS = 44
Hashes = npt.NDArray[np.int64]


class Earlier(NamedTuple):
    """Where a key stood before, and whether that whole row said the same."""

    file: int
    line: int
    same: bool


class Keys:
    """The keys of one entity that an import has brought so far, as 64-bit hashes."""

    def __init__(self) -> None:
        self._keys: Hashes = np.empty(0, np.int64)
        self._rows: Hashes = np.empty(0, np.int64)
        self._places: Hashes = np.empty(0, np.int64)

    def repeated(self, table: Any, key: Sequence[str], file: int, lines: Any) -> dict[int, Earlier]:
        """Row of the table → the earlier row with the same key. The first of each key is remembered."""
        hashes, rows = _hashed(table, key), _hashed(table, table.column_names)
        places = np.asarray(lines, np.int64) | (file << _LINE_BITS)
        fresh, first, of = np.unique(hashes, return_index=True, return_inverse=True)
        at = np.searchsorted(self._keys, fresh)
        inside = at < len(self._keys)
        old = np.zeros(len(fresh), bool)
        old[inside] = self._keys[at[inside]] == fresh[inside]
        found: dict[int, Earlier] = {}
        for row in np.flatnonzero(old[of] | (first[of] != np.arange(len(hashes)))).tolist():
            unique = of[row]
            held = (self._places[at[unique]], self._rows[at[unique]]) if old[unique] else None
            place, content = held if held else (places[first[unique]], rows[first[unique]])
            where = int(place)
            found[row] = Earlier(where >> _LINE_BITS, where & ((1 << _LINE_BITS) - 1), bool(content == rows[row]))
        new = ~old
        self._keys = np.insert(self._keys, at[new], fresh[new])
        self._rows = np.insert(self._rows, at[new], rows[first[new]])
        self._places = np.insert(self._places, at[new], places[first[new]])
        return found


def _hashed(table: Any, names: Sequence[str]) -> Hashes:
    """A 64-bit hash of each row: of numbers by their bits, of text by each different text once."""
    hashes = np.zeros(table.num_rows, np.uint64)
    for name in names:
        encoded = pc.dictionary_encode(table[name].combine_chunks(), null_encoding="encode")
        words = np.fromiter(map(hash, encoded.dictionary.to_pylist()), np.int64, len(encoded.dictionary))
        hashes = _mixed(hashes ^ words.view(np.uint64)[encoded.indices.to_numpy()])
    return hashes.view(np.int64)


def _mixed(values: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """The finaliser of splitmix64: every bit of the input changes about half of the output's."""
    values = values + np.uint64(0x9E3779B97F4A7C15)
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))
