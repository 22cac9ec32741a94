"""Orders: the exact state that is updated, merged, saved and asked."""
from __future__ import annotations

from typing import Any, Optional

from ._library import Handle, file_path, lib, utf8
from .context import Context, current
from ._describe import roles
from .options import make_options, route
from .source import Batches, Path, file_paths, to_table
from .table import Table


class Orders(Handle):
    """Transactions as orders, with the same result for any split and any order of updating and merging.

    Options: topic "orders" (utc_offset). One thread at a time may use it.
    """

    __slots__ = ("_options",)
    _free_name = "cm_orders_free"

    def __init__(self, *, context: "Optional[Context]" = None, **options: Any) -> None:
        context = current(context)
        made = make_options(context, "orders", options)
        super().__init__(context.make(lib.cm_orders_new, made))
        self._options: "Optional[dict[str, Any]]" = options  # None: a loaded state keeps its own to itself

    def update(self, source: Any, batch: "Optional[str]" = None, *, context: "Optional[Context]" = None,
               **options: Any) -> None:
        """Adds the lines of a table, or of files (in portions, so that they may be larger than memory). `batch` names
        the load; one that the state has already is DuplicateError. All or nothing. Options: topic "read"."""
        context = current(context)
        routed = route(options, ["read"])["read"]
        paths = file_paths(source)
        if paths and self._options is not None:
            self._update_from_files(context, paths, batch, routed)
        else:
            self._add(context, to_table(source, context, routed), batch)

    def _add(self, context: Context, table: Table, batch: "Optional[str]") -> None:
        context.call(lib.cm_orders_update, self, table, None if batch is None else utf8(batch))

    def _update_from_files(self, context: Context, paths: "list[Path]", batch: "Optional[str]", options: dict) -> None:
        fresh = Orders(context=context, **(self._options or {}))
        for table in Batches(*paths, context=context, **options):
            fresh._add(context, table, batch)
        self.merge(fresh, context=context)

    def merge(self, other: "Orders", *, context: "Optional[Context]" = None) -> None:
        """Adds another state, which stays as it is."""
        current(context).call(lib.cm_orders_merge, self, other)

    def remove_invoice(self, invoice: Any) -> None:
        """As if its lines had never been seen."""
        self._remove("invoice", invoice)

    def erase_customer(self, customer: Any) -> None:
        """As if the customer had never been seen."""
        self._remove("customer", customer)

    def _remove(self, role: str, identity: Any) -> None:
        current().call(lib.cm_orders_remove, self, roles()[role], utf8(str(identity)))

    def rename(self, role: str, old: Any, new: Any) -> None:
        """Gives the lines of one id to another; role is "customer" or "invoice"."""
        current().call(lib.cm_orders_rename, self, roles().get(role, 0), utf8(str(old)), utf8(str(new)))

    def customers(self, *, context: "Optional[Context]" = None, **options: Any) -> Table:
        """One row a customer. Options: topic "customers" (as_of, refunds, attributes ...)."""
        context = current(context)
        made = make_options(context, "customers", options)
        return Table(context.make(lib.cm_orders_customers, self, made))

    def table(self) -> Table:
        """The records themselves, in canonical order."""
        return Table(current().make(lib.cm_orders_table, self))

    def save(self, path: Path) -> None:
        current().call(lib.cm_orders_save, self, file_path(path))

    @classmethod
    def load(cls, path: Path) -> "Orders":
        orders = cls.__new__(cls)
        Handle.__init__(orders, current().make(lib.cm_orders_load, file_path(path)))
        orders._options = None
        return orders
