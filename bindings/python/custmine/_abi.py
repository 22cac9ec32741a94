"""The public header in ctypes: structs, callbacks and the prototype of every function."""
from __future__ import annotations

import ctypes
from ctypes import c_char_p, c_double, c_int32, c_int64, c_uint64, c_void_p

ABI_VERSION = 0
VERSION_MAJOR = 0

# Types of columns (CM_BOOL ...), statuses and flags: frozen numbers of the header.
BOOL, INT64, FLOAT64, DECIMAL, DATE, TIMESTAMP, STRING, LIST = range(1, 9)
COLUMN_UTC = 1
E_OPTION, E_COLUMN, E_NOT_FOUND = -3, -7, -13


class ErrorStruct(ctypes.Structure):
    _fields_ = [
        ("struct_size", c_uint64), ("message", c_char_p), ("reason", c_char_p), ("arguments", c_char_p),
        ("file", c_char_p), ("field", c_char_p), ("line", c_uint64), ("column", c_uint64), ("byte_offset", c_uint64),
        ("status", c_int32), ("reserved", c_int32),
    ]


class ColumnView(ctypes.Structure):
    _fields_ = [
        ("struct_size", c_uint64), ("name", c_char_p), ("values", c_void_p), ("offsets", c_void_p),
        ("validity", c_void_p), ("bit_offset", c_uint64), ("first_row", c_uint64), ("rows", c_uint64),
        ("dictionary_size", c_uint64), ("type", c_int32), ("scale", c_int32), ("role", c_int32), ("flags", c_int32),
    ]


class Cell(ctypes.Structure):
    _fields_ = [
        ("type", c_int32), ("scale", c_int32), ("integer", c_int64), ("real", c_double), ("text", c_void_p),
        ("length", c_uint64),
    ]


class ArrowSchema(ctypes.Structure):
    _fields_ = [
        ("format", c_char_p), ("name", c_char_p), ("metadata", c_void_p), ("flags", c_int64), ("n_children", c_int64),
        ("children", c_void_p), ("dictionary", c_void_p), ("release", c_void_p), ("private_data", c_void_p),
    ]


class ArrowArray(ctypes.Structure):
    _fields_ = [
        ("length", c_int64), ("null_count", c_int64), ("offset", c_int64), ("n_buffers", c_int64),
        ("n_children", c_int64), ("buffers", c_void_p), ("children", c_void_p), ("dictionary", c_void_p),
        ("release", c_void_p), ("private_data", c_void_p),
    ]


class ArrowArrayStream(ctypes.Structure):
    _fields_ = [
        ("get_schema", c_void_p), ("get_next", c_void_p), ("get_last_error", c_void_p), ("release", c_void_p),
        ("private_data", c_void_p),
    ]


# sizeof of each struct where pointers have 64 bits, as ABI_VERSION lays them out.
SIZES = {ErrorStruct: 80, ColumnView: 88, Cell: 40, ArrowSchema: 72, ArrowArray: 80, ArrowArrayStream: 40}

LogFunction = ctypes.CFUNCTYPE(None, c_void_p, c_int32, c_char_p)
ProgressFunction = ctypes.CFUNCTYPE(c_int32, c_void_p, c_char_p, c_uint64, c_uint64)
ReadFunction = ctypes.CFUNCTYPE(c_int64, c_void_p, c_void_p, c_uint64)
WriteFunction = ctypes.CFUNCTYPE(c_int32, c_void_p, c_void_p, c_uint64)
ReleaseFunction = ctypes.CFUNCTYPE(None, c_void_p)
GetSchemaFunction = ctypes.CFUNCTYPE(ctypes.c_int, c_void_p, c_void_p)

# The letters of the prototypes: p a handle or memory, o where an output goes, t a text that ends with a NUL.
_KINDS = {
    "v": None, "p": c_void_p, "o": c_void_p, "t": c_char_p, "i": c_int32, "l": c_int64, "u": c_uint64, "d": c_double,
    "L": LogFunction, "P": ProgressFunction, "R": ReadFunction, "W": WriteFunction,
}

# name: result and arguments, a letter each. Texts that may hold any byte are `p`, read by their length.
_PROTOTYPES = """
    cm_context_new i:po            cm_context_free v:p            cm_context_configure i:pp
    cm_context_on_log i:piLp       cm_context_on_progress i:pPp   cm_context_cancel v:p
    cm_context_peak_memory u:p     cm_error_message t:p           cm_error_get v:po
    cm_status_name t:i             cm_version t:                  cm_abi_version i:
    cm_options_new i:pto           cm_options_free v:p            cm_options_set_int i:pptl
    cm_options_set_double i:pptd   cm_options_set_text i:pptt     cm_options_add_text i:pptt
    cm_options_set_table i:pptp    cm_describe_options i:pto      cm_describe i:pto
    cm_read_csv i:ptpo             cm_read_json i:ptpo            cm_reader_open i:ptpo          cm_reader_next i:ppo
    cm_reader_audit i:ppo          cm_reader_push i:pppu          cm_reader_pull i:ppRp
    cm_reader_free v:p             cm_write_file i:pppt
    cm_write i:pppWp               cm_table_rows u:p              cm_table_columns u:p
    cm_table_chunks u:p            cm_table_find l:pt             cm_table_find_role l:pi
    cm_table_view i:puuo           cm_table_dictionary_text p:puio
    cm_table_is_absent i:puu       cm_table_int l:puu             cm_table_double d:puu
    cm_table_text p:puuuo          cm_table_items u:puu           cm_table_retain p:p
    cm_table_free v:p              cm_table_schema i:ppo          cm_table_attached i:ppto
    cm_builder_new i:po            cm_builder_free v:p            cm_builder_column i:pptiii
    cm_builder_int i:ppul          cm_builder_double i:ppud       cm_builder_text i:pputu
    cm_builder_row i:pp            cm_builder_values i:ppuppu     cm_builder_texts i:pputppu
    cm_builder_finish i:ppo        cm_table_select i:pppuo        cm_table_with_role i:pptio
    cm_table_slice i:ppuuo         cm_table_filter i:ppttto       cm_table_sort i:ppppuo
    cm_table_join i:ppppo          cm_table_concat i:ppuo         cm_table_import_arrow i:pppo
    cm_table_import_stream i:ppo   cm_table_export_arrow i:pppoo  cm_table_export_stream i:pppo
    cm_customers i:pppo            cm_orders_new i:ppo            cm_orders_free v:p
    cm_orders_update i:pppt        cm_orders_merge i:ppp          cm_orders_remove i:ppit
    cm_orders_rename i:ppitt       cm_orders_customers i:pppo     cm_orders_table i:ppo
    cm_orders_save i:ppt           cm_orders_load i:pto           cm_fit i:ptppo
    cm_apply i:pppo                cm_explain i:pppo              cm_model_method t:p
    cm_model_table i:ppto          cm_model_retain p:p            cm_model_free v:p
    cm_model_save i:ppt            cm_model_load i:pto            cm_scorer_new i:ppo
    cm_scorer_row i:pppupu         cm_scorer_free v:p             cm_read_baskets i:ptpo
    cm_baskets i:pppo              cm_orders_baskets i:pppo      cm_checks i:pppo
"""


def prototypes() -> "dict[str, tuple]":
    """name: (result, arguments) of every function."""
    words = _PROTOTYPES.split()
    return {name: _signature(letters) for name, letters in zip(words[::2], words[1::2])}


def _signature(letters: str) -> tuple:
    result, arguments = letters.split(":")
    return _KINDS[result], [_KINDS[letter] for letter in arguments]


def declare(library: ctypes.CDLL) -> None:
    """Gives every function of the library its prototype; a function that is not there is an AttributeError."""
    for name, (result, arguments) in prototypes().items():
        function = getattr(library, name)
        function.restype = result
        function.argtypes = arguments
