"""Tables: named, typed columns that never change."""
from __future__ import annotations

import ctypes
import os
from typing import TYPE_CHECKING, Any, Dict, Iterator, List, Mapping, Optional, Sequence, Union

from . import _abi, _arrow, _cells
from ._library import Handle, file_path, lib, text_or_none, utf8
from .context import Context, current
from .errors import ColumnError
from .options import make_options

if TYPE_CHECKING:
    import pandas
    import polars
    import pyarrow


class Table(Handle):
    """A table of the library. Every result is one; it may be used from several threads.

    Columns are lists (`table["money"]`), rows dictionaries (iteration), the whole is a DataFrame (to_pandas, to_polars,
    to_arrow) or whatever takes the Arrow PyCapsule interface. Absent cells are None, money is decimal.Decimal.
    """

    __slots__ = ()
    _free_name = "cm_table_free"

    # ---- looking ----

    @property
    def columns(self) -> "List[str]":
        """Names of the columns."""
        return [self._name(i) for i in range(lib.cm_table_columns(self))]

    def _name(self, column: int) -> str:
        return text_or_none(_cells.view_of(self, column).name) or ""

    @property
    def rows(self) -> int:
        """Number of rows."""
        return lib.cm_table_rows(self)

    def __len__(self) -> int:
        return self.rows

    def __bool__(self) -> bool:
        return True

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and lib.cm_table_find(self, utf8(name)) >= 0

    def _column(self, name: str) -> int:
        column = lib.cm_table_find(self, utf8(name))
        if column < 0:
            raise ColumnError(f"there is no column {name}; the columns are {', '.join(self.columns)}", _abi.E_COLUMN,
                              "NO_COLUMN", field=name)
        return column

    def __getitem__(self, name: str) -> "List[Any]":
        """The cells of a column as a list."""
        return _cells.column_values(self, self._column(name))

    def __iter__(self) -> "Iterator[Dict[str, Any]]":
        """The rows as dictionaries."""
        names = self.columns
        cells = [_cells.column_values(self, i) for i in range(len(names))]
        for row in zip(*cells):
            yield dict(zip(names, row))

    def to_dicts(self) -> "List[Dict[str, Any]]":
        return list(self)

    def to_dict(self) -> "Dict[str, List[Any]]":
        """The columns by name."""
        return {name: _cells.column_values(self, i) for i, name in enumerate(self.columns)}

    @property
    def schema(self) -> "Table":
        """The columns as a table: column, type, scale, role, absent."""
        return Table(current().make(lib.cm_table_schema, self))

    def attached(self, name: str) -> "Table":
        """A table that came along with this one, by name."""
        return Table(current().make(lib.cm_table_attached, self, utf8(name)))

    @property
    def audit(self) -> "Table":
        """What was read, kept and dropped on the way: step, reason, rows, money."""
        return self.attached("audit")

    def __repr__(self) -> str:
        kinds = (f"{self._name(i)} {_cells.TYPE_NAMES[_cells.view_of(self, i).type]}"
                 for i in range(lib.cm_table_columns(self)))
        return f"<custmine.Table of {self.rows} rows: {', '.join(kinds)}>"

    # ---- to others ----

    def to_pandas(self, decimals: str = "float") -> "pandas.DataFrame":
        """A pandas DataFrame. decimals: "float" (each the nearest) or "exact" (decimal.Decimal)."""
        from . import _frames

        return _frames.to_pandas(self, decimals)

    def to_arrow(self, **options: Any) -> "pyarrow.Table":
        """A pyarrow.Table. Options: topic "arrow" (strings, decimals)."""
        from . import _frames

        return _frames.to_arrow(self, options)

    def to_polars(self, **options: Any) -> "polars.DataFrame":
        """A Polars DataFrame. Options: topic "arrow"; strings are plain by default, so that ids join back."""
        from . import _frames

        return _frames.to_polars(self, options)

    def __arrow_c_schema__(self) -> object:
        return _arrow.schema_capsule(self, current())

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """A stream of the table's chunks; what is requested is left to the taker to cast."""
        return _arrow.stream_capsule(self, current())

    def write(self, target: "Union[str, os.PathLike[str], Any]", **options: Any) -> None:
        """Writes CSV or JSON to a path, or to anything with write(bytes). Options: topic "write" (format, raw ...)."""
        context = current()
        wanted = make_options(context, "write", options)
        if isinstance(target, (str, os.PathLike)):
            context.call(lib.cm_write_file, self, wanted, file_path(target))
        else:
            _write_to(context, self, wanted, target)

    # ---- tables from tables ----

    def select(self, *names: str) -> "Table":
        """The named columns, in that order."""
        return Table(current().make(lib.cm_table_select, self, _texts(names), len(names)))

    def with_role(self, column: str, role: str) -> "Table":
        """The same table with that role ("customer", "date", "none" ...) on the column."""
        from ._describe import roles

        if role not in roles():
            raise ColumnError(f"there is no role {role}; there are {', '.join(roles())}", _abi.E_COLUMN, field=column)
        return Table(current().make(lib.cm_table_with_role, self, utf8(column), roles()[role]))

    def slice(self, first: int, rows: int) -> "Table":
        """Rows from `first`, counted from 0; less where the table ends before."""
        return Table(current().make(lib.cm_table_slice, self, first, rows))

    def filter(self, column: str, comparison: str, value: Any = None) -> "Table":
        """Rows whose cell compares: = != < <= > >= with a value, or absent, present."""
        text = None if value is None else utf8(str(value))
        return Table(current().make(lib.cm_table_filter, self, utf8(column), utf8(comparison), text))

    def sort(self, *columns: str) -> "Table":
        """Sorted by the columns, the first most important; falling where a name has - before it."""
        names = [name[1:] if self._falls(name) else name for name in columns]
        falling = (ctypes.c_int32 * len(columns))(*[self._falls(name) for name in columns])
        return Table(current().make(lib.cm_table_sort, self, _texts(names), falling, len(columns)))

    def _falls(self, name: str) -> bool:
        return name.startswith("-") and name not in self

    def join(self, right: Any, **options: Any) -> "Table":
        """With the columns of the row of `right` that has the same key. Options: topic "join"."""
        from .source import to_table

        context = current()
        wanted = make_options(context, "join", options)
        return Table(context.make(lib.cm_table_join, self, to_table(right, context), wanted))

    # ---- tables from others ----

    @staticmethod
    def from_arrow(source: Any, *, context: "Optional[Context]" = None) -> "Table":
        """From anything with __arrow_c_stream__ or __arrow_c_array__; numbers and dates are not copied."""
        return Table(_arrow.import_from(source, current(context)))

    @staticmethod
    def from_columns(columns: "Mapping[str, Sequence[Any]]", *, context: "Optional[Context]" = None) -> "Table":
        """From Python values, a sequence for each column; the type is that of the values, None is absent."""
        from ._builder import build

        return Table(build(columns, current(context)))


def concat(tables: "Sequence[Table]") -> Table:
    """One table below the other."""
    pointers = (ctypes.c_void_p * len(tables))(*[table._pointer for table in tables])
    return Table(current().make(lib.cm_table_concat, pointers, len(tables)))


def _texts(names: "Sequence[str]") -> Any:
    return (ctypes.c_char_p * len(names))(*[utf8(name) for name in names])


def _write_to(context: Context, table: Table, options: Handle, target: Any) -> None:
    raised: "List[BaseException]" = []

    def take(_: Any, address: int, length: int) -> int:
        try:
            target.write(ctypes.string_at(address, length))
        except BaseException as error:  # it must not pass through C
            raised.append(error)
            return 1
        return 0

    function = _abi.WriteFunction(take)
    try:
        context.call(lib.cm_write, table, options, function, None)
    except Exception:
        if raised:
            raise raised[0] from None
        raise
