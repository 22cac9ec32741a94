"""Tables from Python values."""
from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any, Mapping, Sequence

from . import _abi
from ._library import Handle, lib, utf8
from .context import Context
from .errors import ArgumentError

EPOCH = datetime.datetime(1970, 1, 1)
EPOCH_ORDINAL = EPOCH.toordinal()
_MICROSECOND = datetime.timedelta(microseconds=1)


class _Builder(Handle):
    __slots__ = ()
    _free_name = "cm_builder_free"


def decimal_places(value: Decimal) -> int:
    exponent = value.as_tuple().exponent
    if not isinstance(exponent, int):
        raise ArgumentError(f"{value} is no number that a column of decimals holds", -2)
    return max(0, -exponent)


def unscaled(value: "Decimal | int", scale: int) -> int:
    """The integer that is value times 10^scale, exactly; scale has all its places."""
    sign, digits, exponent = Decimal(value).as_tuple()
    whole = int("".join(map(str, digits)) or "0") * 10 ** (scale + int(exponent))
    return -whole if sign else whole


def microseconds(value: datetime.datetime) -> int:
    if value.tzinfo is not None:
        raise ArgumentError("times with a zone go in through Arrow, or in UTC without their zone", -2)
    return (value - EPOCH) // _MICROSECOND


def days(value: datetime.date) -> int:
    return value.toordinal() - EPOCH_ORDINAL


def _type_of(name: str, values: "Sequence[Any]") -> int:
    """The narrowest type for all that is there."""
    kinds = {_kind(name, value) for value in values if value is not None}
    if len(kinds) > 1:
        for wide, narrow in ((_abi.DECIMAL, {_abi.INT64}), (_abi.FLOAT64, {_abi.INT64}), (_abi.TIMESTAMP, {_abi.DATE})):
            if wide in kinds and kinds <= narrow | {wide}:
                return wide
        raise ArgumentError(f"column {name} mixes values of different kinds", -2, field=name)
    return kinds.pop() if kinds else _abi.STRING


def _kind(name: str, value: Any) -> int:
    for kind, of in ((bool, _abi.BOOL), (int, _abi.INT64), (float, _abi.FLOAT64), (Decimal, _abi.DECIMAL),
                     (datetime.datetime, _abi.TIMESTAMP), (datetime.date, _abi.DATE), (str, _abi.STRING),
                     ((list, tuple), _abi.LIST)):
        if isinstance(value, kind):
            return of
    raise ArgumentError(f"column {name} cannot take {type(value).__name__}", -2, field=name)


def _put(context: Context, builder: Handle, column: int, kind: int, scale: int, value: Any) -> None:
    if kind == _abi.STRING:
        text = value.encode("utf-8")
        context.call(lib.cm_builder_text, builder, column, text, len(text))
    elif kind == _abi.LIST:
        context.call(lib.cm_builder_text, builder, column, None, 0)
        for item in value:
            _put(context, builder, column, _abi.STRING, 0, item)
    elif kind == _abi.FLOAT64:
        context.call(lib.cm_builder_double, builder, column, value)
    else:
        context.call(lib.cm_builder_int, builder, column, stored(kind, scale, value))


def stored(kind: int, scale: int, value: Any) -> int:
    """The integer that stands for a value of a type."""
    if kind == _abi.DECIMAL:
        number = unscaled(value, scale)
    elif kind == _abi.DATE:
        number = days(value)
    elif kind == _abi.TIMESTAMP:
        number = microseconds(value if isinstance(value, datetime.datetime)
                              else datetime.datetime.combine(value, datetime.time()))
    else:
        number = int(value)
    if not -2**63 <= number < 2**63:
        raise ArgumentError(f"{value} does not fit into 64 bits", -2)
    return number


def _scale_of(kind: int, values: "Sequence[Any]") -> int:
    if kind != _abi.DECIMAL:
        return 0
    return max((decimal_places(Decimal(value)) for value in values if value is not None), default=0)


def build(columns: "Mapping[str, Sequence[Any]]", context: Context) -> int:
    """A table of the columns, of equal length."""
    lists = {name: list(values) for name, values in columns.items()}
    if len({len(values) for values in lists.values()}) > 1:
        raise ArgumentError("the columns differ in length", -2)
    builder = _Builder(context.make(lib.cm_builder_new))
    kinds = []
    for name, values in lists.items():
        kind = _type_of(name, values)
        scale = _scale_of(kind, values)
        kinds.append((kind, scale))
        context.call(lib.cm_builder_column, builder, utf8(name), kind, scale, 0)
    for row in zip(*lists.values()):
        for column, value in enumerate(row):
            if value is not None:
                _put(context, builder, column, *kinds[column], value)
        context.call(lib.cm_builder_row, builder)
    return context.make(lib.cm_builder_finish, builder)
