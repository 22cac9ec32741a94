"""Finds the shared library and opens it. Calls through it let other Python threads run."""
from __future__ import annotations

import ctypes
import ctypes.util
import os
import sys
from pathlib import Path
from typing import Any, Iterator

from . import _abi


def _names() -> "list[str]":
    major = _abi.VERSION_MAJOR
    if sys.platform == "darwin":
        return [f"libcustmine.{major}.dylib", "libcustmine.dylib"]
    if sys.platform == "win32":
        return [f"custmine-{major}.dll", f"libcustmine-{major}.dll"]
    return [f"libcustmine.so.{major}"]


def _candidates() -> "Iterator[str]":
    """Where it may be: as CUSTMINE_LIBRARY says (and nowhere else), beside the package, in a checkout, in the system."""
    given = os.environ.get("CUSTMINE_LIBRARY")
    if given:
        yield given
        return
    package = Path(__file__).resolve().parent
    folders = [package]
    if len(package.parents) > 2:
        folders.append(package.parents[2] / "build" / "current")
    for folder in folders:
        for name in _names():
            if (folder / name).exists():
                yield str(folder / name)
    yield from _names()
    found = ctypes.util.find_library("custmine")
    if found:
        yield found


def _check(library: ctypes.CDLL, path: str) -> None:
    """Refuses a library whose structs are laid out in another way than this package believes."""
    library.cm_abi_version.restype = ctypes.c_int32
    abi = library.cm_abi_version()
    if abi != _abi.ABI_VERSION:
        raise ImportError(f"{path} has ABI {abi}; this package is made for ABI {_abi.ABI_VERSION}")
    if ctypes.sizeof(ctypes.c_void_p) == 8:
        wrong = [struct.__name__ for struct, size in _abi.SIZES.items() if ctypes.sizeof(struct) != size]
        if wrong:
            raise ImportError(f"{', '.join(wrong)}: not laid out as ABI {abi} has it")


def _open() -> "tuple[ctypes.CDLL, str]":
    failures = []
    for path in _candidates():
        try:
            library = ctypes.CDLL(path)
        except OSError as error:
            failures.append(str(error))
            continue
        try:
            _check(library, path)
            _abi.declare(library)
        except AttributeError as error:
            raise ImportError(f"{path} is not the library that this package is made for: {error}") from None
        return library, path
    raise ImportError("libcustmine is not there (CUSTMINE_LIBRARY may say where): " + "; ".join(failures))


lib, path = _open()


def utf8(text: str) -> bytes:
    """A name or value for C, where a NUL would end it early."""
    encoded = text.encode("utf-8", "surrogateescape")
    if b"\0" in encoded:
        raise ValueError("a text with a NUL character")
    return encoded


def file_path(path: "str | os.PathLike[str]") -> bytes:
    encoded = os.fsencode(path)
    if b"\0" in encoded:
        raise ValueError("a path with a NUL character")
    return encoded


def text_at(address: int, length: int) -> str:
    return ctypes.string_at(address, length).decode("utf-8", "surrogateescape")


def text_or_none(value: "bytes | None") -> "str | None":
    return None if value is None else value.decode("utf-8", "replace")


class Handle:
    """Owns one object of the library and gives it back once, when Python has no use for it any more."""

    __slots__ = ("_pointer", "__weakref__")
    _free_name = ""
    _free: Any = None

    def __init__(self, pointer: "int | None") -> None:
        self._pointer = pointer

    def __init_subclass__(cls) -> None:
        if cls.__dict__.get("_free_name"):
            cls._free = getattr(lib, cls._free_name)

    @property
    def _as_parameter_(self) -> "int | None":
        """Handles go into calls themselves, not their pointers: so one made on the way lives until the call is over."""
        return self._pointer

    def __del__(self) -> None:
        pointer, self._pointer = getattr(self, "_pointer", None), None
        if pointer:
            self._free(pointer)
