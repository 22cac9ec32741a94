"""Tables as DataFrames. pandas needs no pyarrow for it."""
from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING, Any

from . import _abi, _arrow, _cells
from ._library import lib
from .context import current
from .errors import ArgumentError

if TYPE_CHECKING:
    from .table import Table

_NUMPY = {_abi.INT64: "i8", _abi.FLOAT64: "f8", _abi.DECIMAL: "i8", _abi.DATE: "i4", _abi.TIMESTAMP: "i8",
          _abi.STRING: "i4"}


def to_arrow(table: "Table", options: "dict[str, Any]") -> Any:
    import pyarrow

    return pyarrow.table(_arrow.Stream(table, current(), options))


def to_polars(table: "Table", options: "dict[str, Any]") -> Any:
    import polars

    return polars.DataFrame(_arrow.Stream(table, current(), {"strings": "plain", **options}))


def to_pandas(table: "Table", decimals: str) -> Any:
    import numpy
    import pandas

    if decimals not in ("float", "exact"):
        raise ArgumentError(f"decimals is float or exact, not {decimals}", -2)
    names = table.columns
    columns = {i: _series(numpy, pandas, table, i, decimals) for i in range(len(names))}
    frame = pandas.DataFrame(columns, index=pandas.RangeIndex(table.rows))
    frame.columns = names
    return frame


def _bits(numpy: Any, address: int, view: _abi.ColumnView) -> Any:
    packed = numpy.frombuffer(ctypes.string_at(address, (view.bit_offset + view.rows + 7) // 8), dtype="u1")
    return numpy.unpackbits(packed, bitorder="little")[view.bit_offset:view.bit_offset + view.rows].astype(bool)


def _stored(numpy: Any, view: _abi.ColumnView) -> Any:
    """A copy of a chunk's values, so that the frame does not hang on the table."""
    if view.type == _abi.BOOL:
        return _bits(numpy, view.values, view)
    kind = numpy.dtype(_NUMPY[view.type])
    return numpy.frombuffer(ctypes.string_at(view.values, view.rows * kind.itemsize), dtype=kind)


def _joined(numpy: Any, table: "Table", column: int) -> "tuple[Any, Any]":
    """Values and, unless all are present, presence of a whole column."""
    views = [view for view in _cells.views_of(table, column) if view.rows]
    if not views:
        kind = "?" if _cells.view_of(table, column).type == _abi.BOOL else None
        kind = kind or _NUMPY[_cells.view_of(table, column).type]
        return numpy.zeros(0, dtype=kind), None
    values = numpy.concatenate([_stored(numpy, view) for view in views])
    present = numpy.concatenate([_bits(numpy, view.validity, view) if view.validity else numpy.ones(view.rows, bool)
                                 for view in views])
    return values, None if present.all() else present


def _series(numpy: Any, pandas: Any, table: "Table", column: int, decimals: str) -> Any:
    view = _cells.view_of(table, column)
    if view.type == _abi.LIST or (view.type == _abi.DECIMAL and decimals == "exact"):
        return pandas.Series(_cells.column_values(table, column), dtype=object)
    values, present = _joined(numpy, table, column)
    if view.type == _abi.STRING:
        return _texts(numpy, pandas, table, column, values, present)
    if view.type == _abi.DECIMAL:
        values = _nearest(numpy, table, column, values, view.scale)
    if view.type in (_abi.DECIMAL, _abi.FLOAT64):
        return pandas.Series(values if present is None else numpy.where(present, values, numpy.nan))
    if view.type in (_abi.DATE, _abi.TIMESTAMP):
        return _times(numpy, pandas, view, values, present)
    if present is None:
        return pandas.Series(values)
    kind = pandas.array(values, dtype="boolean" if view.type == _abi.BOOL else "Int64")
    kind[~present] = pandas.NA
    return pandas.Series(kind)


def _nearest(numpy: Any, table: "Table", column: int, values: Any, scale: int) -> Any:
    """The doubles nearest to decimals. Below 2^53, and up to 10^22, a quotient is; beyond, the library rounds."""
    if scale <= 22 and (not len(values) or (values.min() > -2**53 and values.max() < 2**53)):
        return values / 10.0**scale
    return numpy.array([lib.cm_table_double(table, row, column) for row in range(len(values))], dtype="f8")


def _texts(numpy: Any, pandas: Any, table: "Table", column: int, codes: Any, present: Any) -> Any:
    if present is not None:
        codes = numpy.where(present, codes, -1)
    used, places = numpy.unique(codes, return_inverse=True)
    texts = _cells.Texts(table, column)
    known = numpy.empty(len(used), dtype=object)
    known[:] = [texts[code] if code >= 0 else None for code in used.tolist()]
    return pandas.Series(known[places], dtype=object)


def _times(numpy: Any, pandas: Any, view: _abi.ColumnView, values: Any, present: Any) -> Any:
    if view.type == _abi.DATE:
        times = values.astype("M8[D]").astype("M8[s]")
    else:
        times = values.astype("M8[us]")
    if present is not None:
        times = numpy.where(present, times, numpy.datetime64("NaT"))
    series = pandas.Series(times)
    return series.dt.tz_localize("UTC") if view.flags & _abi.COLUMN_UTC else series
