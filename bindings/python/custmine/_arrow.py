"""Tables across the Arrow C data interface, in PyCapsules made here without a compiled extension."""
from __future__ import annotations

import ctypes
from ctypes import byref, c_char_p, c_void_p, py_object
from typing import Any

from . import _abi
from ._library import Handle, lib
from .context import Context
from .options import make_options

_Destructor = ctypes.PYFUNCTYPE(None, c_void_p)
_api = ctypes.pythonapi
_new_capsule = ctypes.PYFUNCTYPE(py_object, c_void_p, c_char_p, c_void_p)(("PyCapsule_New", _api))
_pointer_of = ctypes.PYFUNCTYPE(c_void_p, py_object, c_char_p)(("PyCapsule_GetPointer", _api))
# In a destructor the capsule has no reference left, so it must not become a Python object again.
_pointer_in = ctypes.PYFUNCTYPE(c_void_p, c_void_p, c_char_p)(("PyCapsule_GetPointer", _api))

_STREAM, _SCHEMA, _ARRAY = b"arrow_array_stream", b"arrow_schema", b"arrow_array"


def _immortal(thing: Any) -> Any:
    """Capsules may die after this module when Python ends: what their destructors need is never freed."""
    _api.Py_IncRef(py_object(thing))
    return thing


class _Kind:
    """Capsules of one struct: the struct lives as long as its capsule, and is released with it unless a taker has moved
    it out (its release is then 0)."""

    def __init__(self, name: bytes, struct: Any) -> None:
        self._name = _immortal(name)
        self._struct = struct
        alive: "dict[int, Any]" = _immortal({})
        self._alive = alive

        def destroy(capsule: int, name: bytes = name, alive: "dict[int, Any]" = alive, pointer_in: Any = _pointer_in,
                    release_type: Any = _abi.ReleaseFunction) -> None:
            address = pointer_in(capsule, name)
            held = alive.pop(address, None)
            if held is not None and held.release:
                release_type(held.release)(address)

        self._destroy = _immortal(_Destructor(destroy))

    def empty(self) -> Any:
        return self._struct()

    def capsule(self, filled: Any) -> object:
        address = ctypes.addressof(filled)
        self._alive[address] = filled
        try:
            return _new_capsule(address, self._name, ctypes.cast(self._destroy, c_void_p))
        except BaseException:
            del self._alive[address]
            raise


_stream_kind = _immortal(_Kind(_STREAM, _abi.ArrowArrayStream))
_schema_kind = _immortal(_Kind(_SCHEMA, _abi.ArrowSchema))


def _export(table: Handle, context: Context, options: "dict[str, Any]") -> _abi.ArrowArrayStream:
    stream = _stream_kind.empty()
    wanted = make_options(context, "arrow", options)
    context.call(lib.cm_table_export_stream, table, wanted, byref(stream))
    return stream


def stream_capsule(table: Handle, context: Context, **options: Any) -> object:
    """The table as a capsule "arrow_array_stream"."""
    return _stream_kind.capsule(_export(table, context, options))


def schema_capsule(table: Handle, context: Context) -> object:
    """The columns alone, as a capsule "arrow_schema"."""
    stream = _export(table, context, {})
    schema = _schema_kind.empty()
    try:
        failed = _abi.GetSchemaFunction(stream.get_schema)(byref(stream), byref(schema))
        if failed:
            raise MemoryError("no memory for an Arrow schema")
    finally:
        _abi.ReleaseFunction(stream.release)(ctypes.addressof(stream))
    return _schema_kind.capsule(schema)


class Stream:
    """A table with options of its own for whoever takes it through __arrow_c_stream__."""

    def __init__(self, table: Any, context: Context, options: "dict[str, Any]") -> None:
        self._table, self._context, self._options = table, context, options

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return stream_capsule(self._table, self._context, **self._options)


def import_from(source: Any, context: Context) -> int:
    """Takes what a producer's capsules hold; they are left empty, whatever becomes of it."""
    if hasattr(source, "__arrow_c_stream__"):
        capsule = source.__arrow_c_stream__()
        return context.make(lib.cm_table_import_stream, _pointer_of(capsule, _STREAM))
    if hasattr(source, "__arrow_c_array__"):
        schema, array = source.__arrow_c_array__()
        return context.make(lib.cm_table_import_arrow, _pointer_of(schema, _SCHEMA), _pointer_of(array, _ARRAY))
    raise TypeError(f"{type(source).__name__} has neither __arrow_c_stream__ nor __arrow_c_array__")
