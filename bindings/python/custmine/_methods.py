"""One function for each method of the library, made of what the library says of it."""
from __future__ import annotations

import inspect
import keyword
from typing import Any, Callable, Dict, Iterable, List

from ._describe import inputs, methods, outputs
from .model import prepared_topic, scores
from .options import Option, known_options
from .table import Table

_TYPES = {"integer": int, "number": float, "switch": bool}


def _default(option: Option) -> Any:
    """The default as Python has it. None where there is none, or where it is written in a way of its own (sizes)."""
    if option.default is None:
        return None
    if option.type == "switch":
        return option.default == "true"
    kind = _TYPES.get(option.type)
    return kind(option.default) if kind else option.default


def _options_of(topics: "Iterable[str]") -> "Dict[str, Option]":
    found: "Dict[str, Option]" = {}
    for topic in topics:
        for name, option in known_options(topic).items():
            found.setdefault(name, option)
    return found


def _signature(method: str) -> inspect.Signature:
    parameter = inspect.Parameter
    named = [parameter(name, parameter.KEYWORD_ONLY, default=_default(option))
             for name, option in _options_of([method, prepared_topic(method), "read"]).items() if not keyword.iskeyword(name)]
    return inspect.Signature([parameter("source", parameter.POSITIONAL_OR_KEYWORD), *named,
                              parameter("context", parameter.KEYWORD_ONLY, default=None)], return_annotation=Table)


def _option_line(option: Option) -> str:
    kind = option.choices or option.type
    if option.low is not None and option.high is not None:
        kind += f" {option.low:g} to {option.high:g}"
    default = f", default {option.default}" if option.default is not None else ""
    return f"    {option.name} ({kind}{default}): {option.help}"


def _document(method: str) -> str:
    about = methods()[method]
    tables: "Dict[str, List[str]]" = {}
    for row in outputs(method):
        tables.setdefault(row["table"], []).append(row["column"])
    lines = [f"{about['help']}: fits the method to the source and gives its scores.", "",
             "source: a path, a DataFrame, an Arrow table, a custmine.Table or Orders; transactions, or a table with "
             + ", ".join(row["column"] for row in inputs(method)) + ".", "", "Options:"]
    lines += [_option_line(option) for option in known_options(method).values()]
    lines += [f"    and those of the topics {prepared_topic(method)} and read.", "", "Tables (of custmine.fit() and attached):"]
    lines += [f"    {name}: {', '.join(columns)}" for name, columns in tables.items()]
    return "\n".join(lines)


def make_function(method: str) -> "Callable[..., Table]":
    def function(source: Any, **options: Any) -> Table:
        return scores(method, source, **options)

    function.__name__ = function.__qualname__ = method
    function.__module__ = "custmine"
    function.__doc__ = _document(method)
    function.__signature__ = _signature(method)  # type: ignore[attr-defined]
    return function
