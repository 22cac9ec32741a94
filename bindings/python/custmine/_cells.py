"""Columns of a table as Python lists, read from its memory chunk by chunk."""
from __future__ import annotations

import ctypes
import datetime
from decimal import Decimal
from typing import Any, Callable, Iterator, List

from . import _abi
from ._library import Handle, lib

_EPOCH_ORDINAL = datetime.date(1970, 1, 1).toordinal()
_EPOCH = datetime.datetime(1970, 1, 1)

TYPE_NAMES = {_abi.BOOL: "BOOL", _abi.INT64: "INT64", _abi.FLOAT64: "FLOAT64", _abi.DECIMAL: "DECIMAL",
              _abi.DATE: "DATE", _abi.TIMESTAMP: "TIMESTAMP", _abi.STRING: "STRING", _abi.LIST: "LIST"}

_C_TYPES = {_abi.INT64: ctypes.c_int64, _abi.FLOAT64: ctypes.c_double, _abi.DECIMAL: ctypes.c_int64,
            _abi.DATE: ctypes.c_int32, _abi.TIMESTAMP: ctypes.c_int64, _abi.STRING: ctypes.c_int32}


def view_of(table: Handle, column: int, chunk: int = 0) -> _abi.ColumnView:
    """A chunk of a column; its memory is the table's."""
    view = _abi.ColumnView(struct_size=ctypes.sizeof(_abi.ColumnView))
    lib.cm_table_view(table, column, chunk, ctypes.byref(view))
    return view


def views_of(table: Handle, column: int) -> "Iterator[_abi.ColumnView]":
    for chunk in range(lib.cm_table_chunks(table)):
        yield view_of(table, column, chunk)


def array_at(address: int, kind: Any, count: int) -> "List[Any]":
    return (kind * count).from_address(address)[:] if count else []


def bits_at(address: int, offset: int, count: int) -> "List[bool]":
    if not count:
        return []
    packed = int.from_bytes(ctypes.string_at(address, (offset + count + 7) // 8), "little") >> offset
    return [bit == "1" for bit in reversed(format(packed & ((1 << count) - 1), f"0{count}b"))]


# Texts as bytes at once, up to their first NUL; the prototype of lib gives the address.
_text_bytes = lib["cm_table_dictionary_text"]
_text_bytes.restype = ctypes.c_char_p
_text_bytes.argtypes = lib.cm_table_dictionary_text.argtypes


class Texts(dict):
    """Texts of a column by code, each decoded once."""

    def __init__(self, table: Handle, column: int) -> None:
        super().__init__()
        self._table, self._column = table, column
        self._pointer = table._pointer
        self._length = ctypes.c_uint64()
        self._where = ctypes.byref(self._length)

    def __missing__(self, code: int) -> str:
        encoded = _text_bytes(self._pointer, self._column, code, self._where)
        if len(encoded) != self._length.value:
            address = lib.cm_table_dictionary_text(self._pointer, self._column, code, self._where)
            encoded = ctypes.string_at(address, self._length.value)
        text = self[code] = encoded.decode("utf-8", "surrogateescape")
        return text


def _reader(table: Handle, column: int, view: _abi.ColumnView) -> "Callable[[Any], Any]":
    """What makes a cell's Python value of its stored one."""
    if view.type == _abi.DECIMAL:
        scale = view.scale
        return lambda value: Decimal(f"{value}E-{scale}")  # exact, whatever the decimal context says
    if view.type == _abi.DATE:
        return lambda value: datetime.date.fromordinal(_EPOCH_ORDINAL + value)
    if view.type == _abi.TIMESTAMP:
        epoch = _EPOCH.replace(tzinfo=datetime.timezone.utc) if view.flags & _abi.COLUMN_UTC else _EPOCH
        return lambda value: epoch + datetime.timedelta(microseconds=value)
    if view.type == _abi.STRING:
        return Texts(table, column).__getitem__
    return lambda value: value


def _stored(view: _abi.ColumnView) -> "List[Any]":
    if view.type == _abi.BOOL:
        return bits_at(view.values, view.bit_offset, view.rows)
    return array_at(view.values, _C_TYPES[view.type], view.rows)


def _lists(table: Handle, column: int, view: _abi.ColumnView, texts: Texts) -> "List[Any]":
    offsets = array_at(view.offsets, ctypes.c_int64, view.rows + 1 if view.rows else 0)
    items = []
    for start, end in zip(offsets, offsets[1:]):
        codes = array_at((view.values or 0) + 4 * start, ctypes.c_int32, end - start)
        items.append([texts[code] for code in codes])
    return items


def _chunk(table: Handle, column: int, view: _abi.ColumnView, read: "Callable[[Any], Any]") -> "List[Any]":
    present = bits_at(view.validity, view.bit_offset, view.rows) if view.validity else None
    if view.type == _abi.LIST:
        values = _lists(table, column, view, Texts(table, column))
        return values if present is None else [value if there else None for value, there in zip(values, present)]
    values = _stored(view)
    if present is None:
        return [read(value) for value in values]
    return [read(value) if there else None for value, there in zip(values, present)]


def column_values(table: Handle, column: int) -> "List[Any]":
    """All cells of a column, None where absent."""
    read = _reader(table, column, view_of(table, column))
    cells: "List[Any]" = []
    for view in views_of(table, column):
        cells.extend(_chunk(table, column, view, read))
    return cells
