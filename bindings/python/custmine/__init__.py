"""custmine: customer analytics in one small library.

    import custmine
    scores = custmine.rfm("sales.csv.gz").to_pandas()

The source may be a path, a pandas or Polars DataFrame, a pyarrow Table, a DuckDB relation. Every method of the library
is a function here; help(custmine.rfm) tells its options. custmine.fit() gives the model itself.
"""
from __future__ import annotations

from typing import Any, List

from ._library import path as library_path
from .context import Context
from ._describe import describe, library_version, methods
from .errors import (ArgumentError, Cancelled, ColumnError, DataError, DuplicateError, Error, FileError, FormatError,
                     InputError, LimitError, NotFoundError, OptionError, OutOfMemory, OverflowInSum, UnsupportedError,
                     VersionError)
from ._methods import make_function
from .model import Model, Scorer, baskets, checks, customers, fit, load
from .orders import Orders
from .source import Batches, read
from .table import Table, concat

__version__ = library_version()

__all__ = [
    "ArgumentError", "Batches", "Cancelled", "ColumnError", "Context", "DataError", "DuplicateError", "Error",
    "FileError", "FormatError", "InputError", "LimitError", "Model", "NotFoundError", "OptionError", "Orders",
    "OutOfMemory", "OverflowInSum", "Scorer", "Table", "UnsupportedError", "VersionError", "baskets", "checks", "concat", "customers",
    "describe", "fit", "library_path", "load", "read",
]


def __getattr__(name: str) -> Any:
    """The methods of the library that is there, as functions."""
    if name.startswith("_") or name not in methods():
        raise AttributeError(f"module custmine has no attribute {name}; the methods are {', '.join(methods())}")
    function = globals()[name] = make_function(name)
    return function


def __dir__() -> "List[str]":
    return sorted({*globals(), *methods()})
