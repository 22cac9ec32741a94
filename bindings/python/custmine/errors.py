"""One exception for each status of the library, in a small hierarchy under Error."""
from __future__ import annotations

import ctypes
from typing import Optional, Type

from . import _abi
from ._library import lib, text_or_none


class Error(Exception):
    """What the library could not do, and where in the input.

    status: the number, as CM_E_DATA is -6. reason: a stable code, "BAD_DATE". arguments: the values that the message
    mentions. file, line, column, field: place in the input, None where unknown; line and column count from 1.
    """

    def __init__(self, message: str, status: int = 0, reason: "Optional[str]" = None, arguments: "tuple[str, ...]" = (),
                 file: "Optional[str]" = None, line: "Optional[int]" = None, column: "Optional[int]" = None,
                 field: "Optional[str]" = None, byte_offset: "Optional[int]" = None) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.reason = reason
        self.arguments = arguments
        self.file = file
        self.line = line
        self.column = column
        self.field = field
        self.byte_offset = byte_offset

    def __str__(self) -> str:
        return self.message

    def __reduce__(self) -> tuple:
        return type(self), (self.message, self.status, self.reason, self.arguments, self.file, self.line, self.column,
                            self.field, self.byte_offset)


class OutOfMemory(Error, MemoryError):
    """The allocator gave nothing."""


class ArgumentError(Error, ValueError):
    """A mistake in the call."""


class OptionError(Error, ValueError):
    """An unknown option, or a value that it cannot have."""


class FileError(Error, OSError):
    """The system refused: no such file, a directory, disk full."""


class InputError(Error, ValueError):
    """The input cannot be used as it is: the family of those that say where."""


class FormatError(InputError):
    """A file is not what it should be."""


class DataError(InputError):
    """A row or a value cannot be used as it stands."""


class ColumnError(InputError, KeyError):
    """A column or role is missing, double, or of the wrong type."""


class OverflowInSum(Error, OverflowError):
    """A sum or product beyond 64 bits."""


class LimitError(Error):
    """A limit was reached: memory, time, sizes."""


class VersionError(Error):
    """A file made by a newer library."""


class Cancelled(Error):
    """The call was asked to stop."""


class DuplicateError(Error, ValueError):
    """A batch of transactions that the state already has."""


class NotFoundError(Error, KeyError):
    """No method, table, customer or invoice of that name."""


class UnsupportedError(Error, TypeError):
    """An Arrow type or a feature that the library does not take."""


_BY_STATUS: "dict[int, Type[Error]]" = {
    -1: OutOfMemory, -2: ArgumentError, -3: OptionError, -4: FileError, -5: FormatError, -6: DataError, -7: ColumnError,
    -8: OverflowInSum, -9: LimitError, -10: VersionError, -11: Cancelled, -12: DuplicateError, -13: NotFoundError,
    -14: UnsupportedError,
}


def error_of(context: "Optional[int]", status: int) -> Error:
    """The exception for a status, with what the context (a pointer) says of it."""
    kind = _BY_STATUS.get(status, Error)
    raw = _abi.ErrorStruct(struct_size=ctypes.sizeof(_abi.ErrorStruct))
    if context:
        lib.cm_error_get(context, ctypes.byref(raw))
    if raw.status != status:
        # Arguments that are NULL are refused before the context is touched.
        return kind(text_or_none(lib.cm_status_name(status)) or "error", status)
    arguments = text_or_none(raw.arguments)
    return kind(
        text_or_none(raw.message) or "error", status, text_or_none(raw.reason),
        tuple(arguments.split("\x1f")) if arguments else (), text_or_none(raw.file), raw.line or None,
        raw.column or None, text_or_none(raw.field), raw.byte_offset if raw.line else None)
