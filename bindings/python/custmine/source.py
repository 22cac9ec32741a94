"""Whatever can become a table: files, frames, Arrow, Python values."""
from __future__ import annotations

import os
from typing import Any, Dict, Iterator, List, Mapping, Optional, Union

from . import _abi
from ._library import Handle, file_path, lib
from .context import Context, current
from ._describe import roles
from .errors import OptionError
from .options import make_options
from .table import Table

Path = Union[str, "os.PathLike[str]"]


def _is_path(source: Any) -> bool:
    return isinstance(source, (str, os.PathLike))


def file_paths(source: Any) -> "Optional[List[Path]]":
    """The paths, if the source is one or several."""
    if _is_path(source):
        return [source]
    if isinstance(source, (list, tuple)) and source and all(_is_path(each) for each in source):
        return list(source)
    return None


def _files_and_options(context: Context, paths: "List[Path]", options: "Mapping[str, Any]") -> "tuple[bytes, Handle]":
    made = make_options(context, "read", options)
    for path in paths[1:]:
        context.call(lib.cm_options_add_text, made, b"files", file_path(path))
    return file_path(paths[0]), made


def read(*paths: Path, context: "Optional[Context]" = None, **options: Any) -> Table:
    """Reads CSV, plain or gzip; several files with the same header as one table. Options: topic "read"."""
    if not paths:
        raise TypeError("read() needs the path of a file")
    context = current(context)
    first, made = _files_and_options(context, list(paths), options)
    return Table(context.make(lib.cm_read_csv, first, made))


class Batches(Handle):
    """A file in portions, for what is larger than memory: iterate for tables; `audit` is of what has been read so far."""

    __slots__ = ("_context",)
    _free_name = "cm_reader_free"

    def __init__(self, *paths: Path, context: "Optional[Context]" = None, **options: Any) -> None:
        self._context = current(context)
        first, made = _files_and_options(self._context, list(paths), options)
        super().__init__(self._context.make(lib.cm_reader_open, first, made))

    def __iter__(self) -> "Iterator[Table]":
        return self

    def __next__(self) -> Table:
        batch = self._context.make(lib.cm_reader_next, self)
        if not batch:
            raise StopIteration
        return Table(batch)

    @property
    def audit(self) -> Table:
        return Table(self._context.make(lib.cm_reader_audit, self))


def _as_table(source: Any, context: Context) -> Table:
    if isinstance(source, Table):
        return source
    if _is_old_pandas(source):
        import pyarrow

        source = pyarrow.Table.from_pandas(source, preserve_index=False)
    if hasattr(source, "__arrow_c_stream__") or hasattr(source, "__arrow_c_array__"):
        return Table.from_arrow(source, context=context)
    if isinstance(source, Mapping):
        return Table.from_columns(dict(source), context=context)
    if isinstance(source, (list, tuple)) and all(isinstance(row, Mapping) for row in source):
        return Table.from_columns(_columns_of(source), context=context)
    raise TypeError(f"{type(source).__name__} is no path, no table, and has no __arrow_c_stream__")


def _is_old_pandas(source: Any) -> bool:
    """Frames of pandas before 2.2 know pyarrow, but not the capsules."""
    return type(source).__module__.startswith("pandas.") and not hasattr(source, "__arrow_c_stream__")


def _columns_of(rows: "Any") -> "Dict[str, List[Any]]":
    names: "Dict[str, None]" = {}
    for row in rows:
        names.update(dict.fromkeys(row))
    return {name: [row.get(name) for row in rows] for name in names}


def to_table(source: Any, context: "Optional[Context]" = None, options: "Optional[Mapping[str, Any]]" = None) -> Table:
    """A table of a path, several paths, a Table, a DataFrame or anything else of Arrow, columns or rows of Python
    values. Options are those of reading; of these, only the names of roles' columns mean something for what is no file."""
    options = {name: value for name, value in (options or {}).items() if value is not None}
    context = current(context)
    paths = file_paths(source)
    if paths:
        return read(*paths, context=context, **options)
    table = _as_table(source, context)
    for name, value in options.items():
        if name not in roles():
            raise OptionError(f"the option {name} is for reading files; the source is a {type(source).__name__}",
                              _abi.E_OPTION, "OPTION_KIND", (name,))
        table = table.with_role(value, name)
    return table
