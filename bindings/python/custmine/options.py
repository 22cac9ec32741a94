"""Options by name, as the library describes them: from Python values to its options objects."""
from __future__ import annotations

import datetime
import difflib
import functools
import operator
import os
from typing import Any, Iterable, Mapping, NamedTuple, Optional

from . import _abi
from ._library import Handle, lib, utf8
from .context import Context, own
from .errors import OptionError


class Option(NamedTuple):
    """One option of a topic, as cm_describe_options has it."""

    name: str
    type: str
    default: "Optional[str]"
    low: "Optional[float]"
    high: "Optional[float]"
    choices: "Optional[str]"
    help: str


@functools.lru_cache(maxsize=None)
def known_options(topic: str) -> "Mapping[str, Option]":
    """The options of a topic by name, in the order of the documentation."""
    from .table import Table

    table = Table(own().make(lib.cm_describe_options, utf8(topic)))
    return {row["name"]: Option(**{field: row[field] for field in Option._fields}) for row in table.to_dicts()}


class Options(Handle):
    """An options object of the library."""

    __slots__ = ("_context", "_known")
    _free_name = "cm_options_free"

    def __init__(self, context: Context, topic: str) -> None:
        super().__init__(context.make(lib.cm_options_new, utf8(topic)))
        self._context = context
        self._known = known_options(topic)

    def set(self, name: str, value: Any) -> None:
        """Sets one option; None leaves it at its default."""
        if value is None:
            return
        option = self._known.get(name)
        kind = option.type if option else "text"
        if kind == "table":
            self._set_table(name, value)
        elif kind == "list":
            self._set_list(name, value)
        else:
            self._set_scalar(name, value)

    def _set_table(self, name: str, value: Any) -> None:
        from .source import to_table

        self._context.call(lib.cm_options_set_table, self, utf8(name), to_table(value, self._context))

    def _set_list(self, name: str, value: "Iterable[Any]") -> None:
        items = [value] if isinstance(value, (str, os.PathLike)) else value
        for item in items:
            text = os.fspath(item) if isinstance(item, os.PathLike) else str(item)
            self._context.call(lib.cm_options_add_text, self, utf8(name), utf8(text))

    def _set_scalar(self, name: str, value: Any) -> None:
        function, plain = _plain(value)
        self._context.call(function, self, utf8(name), plain)


def _plain(value: Any) -> tuple:
    """The function that takes a value of this kind, and the value for it."""
    if isinstance(value, str):
        return lib.cm_options_set_text, utf8(value)
    if isinstance(value, datetime.datetime):
        value = value.date()
    if isinstance(value, datetime.date):
        return lib.cm_options_set_text, utf8(value.isoformat())
    if isinstance(value, float):
        return lib.cm_options_set_double, value
    try:
        integer = operator.index(value)
    except TypeError:
        return lib.cm_options_set_text, utf8(os.fspath(value) if isinstance(value, os.PathLike) else str(value))
    if not -2**63 <= integer < 2**63:
        return lib.cm_options_set_text, utf8(str(integer))
    return lib.cm_options_set_int, integer


def make_options(context: Context, topic: str, values: "Mapping[str, Any]") -> Options:
    options = Options(context, topic)
    for name, value in values.items():
        options.set(name, value)
    return options


def route(values: "Mapping[str, Any]", topics: "Iterable[str]") -> "dict[str, dict[str, Any]]":
    """Sorts options to the topics that have them; one that several have goes to all of these."""
    routed: "dict[str, dict[str, Any]]" = {topic: {} for topic in topics}
    for name, value in values.items():
        takers = [topic for topic in routed if name in known_options(topic)]
        if not takers:
            raise _unknown(name, list(routed))
        for topic in takers:
            routed[topic][name] = value
    return routed


def _unknown(name: str, topics: "list[str]") -> OptionError:
    if name in known_options("context"):
        return OptionError(f"{name} is an option of custmine.Context, which goes in as context=", _abi.E_OPTION,
                           "UNKNOWN_OPTION", (name, "context", name))
    names = [known for topic in topics for known in known_options(topic)]
    nearest = difflib.get_close_matches(name, names, n=1, cutoff=0)
    hint = f"; did you mean {nearest[0]}?" if nearest else ""
    return OptionError(f"there is no option {name} for {', '.join(topics)}{hint}", _abi.E_OPTION, "UNKNOWN_OPTION",
                       (name, ", ".join(topics), *nearest))
