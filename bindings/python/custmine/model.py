"""Models: fit, apply, explain, save; scorers for live requests."""
from __future__ import annotations

import ctypes
import datetime
import threading
from decimal import Decimal
from typing import Any, Dict, List, Mapping, Optional, Tuple

from . import _abi, _builder
from ._library import Handle, file_path, lib, text_at, text_or_none, utf8
from .context import Context, current
from ._describe import inputs, methods, outputs, roles, scored_columns
from .errors import ArgumentError, FormatError, NotFoundError, OptionError
from .options import make_options, route
from .orders import Orders
from .source import Path, file_paths, to_table
from .table import Table


class Model(Handle):
    """A method fitted to a table: its options and its named tables. It never changes and may be shared by threads."""

    __slots__ = ()
    _free_name = "cm_model_free"

    @property
    def method(self) -> str:
        return text_or_none(lib.cm_model_method(self)) or ""

    def apply(self, source: Any, *, context: "Optional[Context]" = None, **options: Any) -> Table:
        """The scores of today's or tomorrow's customers. Options: topics "read" and "customers"."""
        return self._on(lib.cm_apply, source, current(context), options)

    def explain(self, source: Any, *, context: "Optional[Context]" = None, **options: Any) -> Table:
        """Why: for each customer the reasons of the scores, the strongest first."""
        return self._on(lib.cm_explain, source, current(context), options)

    def _on(self, function: Any, source: Any, context: Context, options: "Mapping[str, Any]") -> Table:
        routed = _routed(options, prepared_topic(self.method))
        return Table(context.make(function, self, method_input(self.method, self.inputs, source, context, routed)))

    @property
    def inputs(self) -> "List[str]":
        """The columns that it takes."""
        return self.table("inputs")["column"]

    def table(self, name: str) -> Table:
        return Table(current().make(lib.cm_model_table, self, utf8(name)))

    @property
    def tables(self) -> "List[str]":
        """Names for table()."""
        listed = self.table("tables")
        return listed[listed.columns[0]]

    def save(self, path: Path) -> None:
        current().call(lib.cm_model_save, self, file_path(path))

    @staticmethod
    def load(path: Path) -> "Model":
        return Model(current().make(lib.cm_model_load, file_path(path)))

    def scorer(self) -> "Scorer":
        return Scorer(self)

    def __repr__(self) -> str:
        return f"<custmine.Model {self.method}: {', '.join(self.tables)}>"


# What transactions become for a method, by its kind of input: of a table, of a state of orders.
_PREPARED = {"customers": (lib.cm_customers, lib.cm_orders_customers), "baskets": (lib.cm_baskets, lib.cm_orders_baskets)}


def prepared_topic(method: str) -> str:
    """The options of preparing the input of a method."""
    kind = methods().get(method, {}).get("input", "")
    return kind if kind in _PREPARED else "customers"


def _routed(options: "Mapping[str, Any]", *more: str) -> "Dict[str, Dict[str, Any]]":
    return route(options, ["read", *more])


def _given(options: "Mapping[str, Any]") -> "List[str]":
    return [name for name, value in options.items() if value is not None]


def _reading(source: Any, routed: "Mapping[str, Mapping[str, Any]]", topic: str) -> "Dict[str, Any]":
    """Options that reading and preparing share mean preparing, where nothing is read."""
    if file_paths(source):
        return dict(routed["read"])
    return {name: value for name, value in routed["read"].items() if name not in routed[topic]}


# What customers are made of.
_LINES = ["customer", "invoice", "date", "quantity", "price", "amount", "cost", "currency"]


def _read_for(kind: str, topic: str, source: Any, routed: "Mapping[str, Mapping[str, Any]]",
              needed: "List[str]") -> "Dict[str, Any]":
    """The options of reading; of files for customers, without the columns that nobody asks for."""
    reading = _reading(source, routed, topic)
    if kind == "customers" and file_paths(source) and not reading.get("use"):
        reading["use"] = _LINES + needed
    return reading


def _prepared(topic: str, source: Any, context: Context, options: "Mapping[str, Any]") -> Table:
    made = make_options(context, topic, options)
    return Table(context.make(_PREPARED[topic][isinstance(source, Orders)], source, made))


def _is_input(method: str, needed: "List[str]", table: Table) -> bool:
    """Whether the table has the columns that the method takes; where any will do, whether it cannot be transactions."""
    if needed or methods()[method]["input"] != "customers":
        return all(name in table for name in needed)
    return any(lib.cm_table_find_role(table, roles()[role]) < 0 for role in ("customer", "date"))


def method_input(method: str, needed: "List[str]", source: Any, context: Context,
                 routed: "Mapping[str, Mapping[str, Any]]") -> Table:
    """What the method takes: the source itself where it has the columns, else what becomes of the transactions."""
    topic, kind = prepared_topic(method), methods().get(method, {}).get("input", "")
    if isinstance(source, Orders):
        return _prepared(topic, source, context, routed[topic])
    table = to_table(source, context, _read_for(kind, topic, source, routed, needed))
    if kind not in _PREPARED or _is_input(method, needed, table):
        unused = [name for name in _given(routed[topic]) if name not in routed["read"]]
        if unused:
            raise OptionError(f"the option {unused[0]} is for transactions; the source is a table for {method} already",
                              _abi.E_OPTION, "OPTION_KIND", (unused[0],))
        return table
    return _prepared(topic, table, context, routed[topic])


def _of_transactions(topic: str, source: Any, context: "Optional[Context]", options: "Mapping[str, Any]") -> Table:
    context = current(context)
    routed = _routed(options, topic)
    if not isinstance(source, Orders):
        source = to_table(source, context, _read_for(topic, topic, source, routed, []))
    return _prepared(topic, source, context, routed[topic])


def customers(source: Any, *, context: "Optional[Context]" = None, **options: Any) -> Table:
    """One row a customer, from transactions. Options: topics "read" and "customers" (as_of, refunds, attributes ...)."""
    return _of_transactions("customers", source, context, options)


def baskets(source: Any, *, context: "Optional[Context]" = None, **options: Any) -> Table:
    """One row a basket, from transactions. Options: topics "read" and "baskets" (as_of, baskets, max_basket ...)."""
    return _of_transactions("baskets", source, context, options)


def checks(source: Any, *, context: "Optional[Context]" = None, **options: Any) -> Table:
    """What looks odd in transactions and would change the answer. Options: topic "read"."""
    context = current(context)
    table = to_table(source, context, _routed(options)["read"])
    return Table(context.make(lib.cm_checks, table, None))


def fit_to(method: str, table: Table, context: Context, options: "Mapping[str, Any]") -> Model:
    made = make_options(context, method, options)
    return Model(context.make(lib.cm_fit, utf8(method), table, made))


def _prepare(method: str, source: Any, context: Context, options: "Mapping[str, Any]") -> "Tuple[Table, Dict]":
    if method not in methods():
        raise NotFoundError(f"there is no method {method}; there are {', '.join(methods())}", _abi.E_NOT_FOUND,
                            "NO_METHOD", (method,))
    routed = _routed(options, prepared_topic(method), method)
    needed = list(routed[method].get("columns") or (row["column"] for row in inputs(method)))
    return method_input(method, needed, source, context, routed), routed[method]


def fit(method: str, source: Any, *, context: "Optional[Context]" = None, **options: Any) -> Model:
    """Fits a method. Options: topics "read", "customers" or "baskets", and that of the method."""
    context = current(context)
    table, own = _prepare(method, source, context, options)
    return fit_to(method, table, context, own)


def scores(method: str, source: Any, *, context: "Optional[Context]" = None, **options: Any) -> Table:
    """Fits a method and gives its first table: the scores, or what fitting itself finds (rules)."""
    context = current(context)
    table, own = _prepare(method, source, context, options)
    model, first = fit_to(method, table, context, own), outputs(method)[0]
    if "apply" not in first["made_by"]:
        return Table(context.make(lib.cm_model_table, model, utf8(first["table"])))
    return Table(context.make(lib.cm_apply, model, table))


class Scorer(Handle):
    """A model for live requests, one a thread: a row in, its scores out.

    scorer(recency_days=12, invoices=3, money=Decimal("99.90")) or the same by place, in the order of `inputs`.
    """

    __slots__ = ("inputs", "outputs", "_context", "_lock", "_in", "_out")
    _free_name = "cm_scorer_free"

    def __init__(self, model: Model) -> None:
        self._context = Context()
        super().__init__(self._context.make(lib.cm_scorer_new, model))
        self.inputs = model.inputs
        self.outputs = scored_columns(model.method)
        self._in = (_abi.Cell * len(self.inputs))()
        self._out = (_abi.Cell * len(self.outputs))()
        self._lock = threading.Lock()

    def __call__(self, *values: Any, **named: Any) -> "Dict[str, Any]":
        row = self._row(values, named)
        with self._lock:
            kept = [_fill(cell, value) for cell, value in zip(self._in, row)]
            self._context.call(lib.cm_scorer_row, self, self._in, len(self._in), self._out, len(self._out))
            del kept
            return {name: _value(cell) for name, cell in zip(self.outputs, self._out)}

    def _row(self, values: "Tuple[Any, ...]", named: "Mapping[str, Any]") -> "List[Any]":
        wrong = [name for name in named if name not in self.inputs[len(values):]]
        if wrong or len(values) + len(named) != len(self.inputs):
            raise ArgumentError(f"a scorer takes {', '.join(self.inputs)}, each once", -2)
        return list(values) + [named[name] for name in self.inputs[len(values):]]


def _fill(cell: _abi.Cell, value: Any) -> Any:
    """Puts a value into a cell; what is returned must live as long as the cell's text."""
    cell.scale = 0
    text = None
    if value is None:
        cell.type = 0
    elif isinstance(value, str):
        text = value.encode("utf-8")
        cell.type, cell.length = _abi.STRING, len(text)
        cell.text = ctypes.cast(ctypes.c_char_p(text), ctypes.c_void_p).value
    elif isinstance(value, float):
        cell.type, cell.real = _abi.FLOAT64, value
    else:
        cell.type, cell.scale = _type_and_scale(value)
        cell.integer = _builder.stored(cell.type, cell.scale, value)
    return text


def _type_and_scale(value: Any) -> "Tuple[int, int]":
    if isinstance(value, bool):
        return _abi.BOOL, 0
    if isinstance(value, Decimal):
        return _abi.DECIMAL, _builder.decimal_places(value)
    if isinstance(value, datetime.datetime):
        return _abi.TIMESTAMP, 0
    if isinstance(value, datetime.date):
        return _abi.DATE, 0
    return _abi.INT64, 0


def _value(cell: _abi.Cell) -> Any:
    if cell.type == 0:
        return None
    if cell.type == _abi.STRING:
        return text_at(cell.text, cell.length)
    if cell.type == _abi.FLOAT64:
        return cell.real
    if cell.type == _abi.DECIMAL:
        return Decimal(f"{cell.integer}E-{cell.scale}")
    if cell.type == _abi.DATE:
        return datetime.date.fromordinal(_builder.EPOCH_ORDINAL + cell.integer)
    if cell.type == _abi.TIMESTAMP:
        return _builder.EPOCH + datetime.timedelta(microseconds=cell.integer)
    return bool(cell.integer) if cell.type == _abi.BOOL else cell.integer


def load(path: Path) -> "Model | Orders":
    """What a .cm file holds."""
    try:
        return Model.load(path)
    except FormatError as error:
        if error.reason != "FILE_KIND":
            raise
    return Orders.load(path)
