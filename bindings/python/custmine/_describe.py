"""What the library says of itself: methods, their inputs and outputs, roles."""
from __future__ import annotations

import functools
from typing import Dict, List, Mapping

from ._library import lib, text_or_none, utf8
from .context import own
from .table import Table


def describe(what: str) -> Table:
    """One of the tables topics, methods, inputs, outputs, roles, constants, catalogue."""
    return Table(own().make(lib.cm_describe, utf8(what)))


def library_version() -> str:
    return text_or_none(lib.cm_version()) or ""


@functools.lru_cache(maxsize=None)
def _rows(what: str) -> "List[Dict]":
    return describe(what).to_dicts()


@functools.lru_cache(maxsize=None)
def methods() -> "Mapping[str, Dict]":
    """method: its kind of input and a line of help."""
    return {row["method"]: row for row in _rows("methods")}


def inputs(method: str) -> "List[Dict]":
    return [row for row in _rows("inputs") if row["method"] == method]


def outputs(method: str) -> "List[Dict]":
    return [row for row in _rows("outputs") if row["method"] == method]


def scored_columns(method: str) -> "List[str]":
    """What a scorer gives: the columns of the scores that follow the inputs."""
    return [row["column"] for row in outputs(method) if row["default"]]


@functools.lru_cache(maxsize=None)
def roles() -> "Mapping[str, int]":
    """role: its number, 0 for none."""
    numbers = {row["name"]: row["value"] for row in _rows("constants")}
    return {name[len("CM_ROLE_"):].lower(): number for name, number in numbers.items() if name.startswith("CM_ROLE_")}
