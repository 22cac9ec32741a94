"""The Python package with nothing but Python."""
import csv
import ctypes
import ctypes.util
import datetime
import gc
import inspect
import io
import os
import pickle
import re
import signal
import subprocess
import sys
import threading
import unittest
from decimal import Decimal

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from support import GOOD, ROOT, SHOP, WORK, cells_of, command_output  # noqa: E402

import custmine  # noqa: E402
from custmine import _abi  # noqa: E402

ROWS = [
    {"customer": "a", "invoice": "1", "date": datetime.date(2024, 1, 1), "amount": Decimal("5.00")},
    {"customer": "a", "invoice": "2", "date": datetime.date(2024, 2, 1), "amount": Decimal("7.5")},
    {"customer": "b", "invoice": "3", "date": datetime.date(2024, 1, 15), "amount": Decimal("1")},
]


def shop(**options):
    return custmine.read(SHOP, on_error="collect", **options)


class Header(unittest.TestCase):
    """The prototypes and structs against the public headers."""

    KINDS = {"int32_t": ctypes.c_int32, "cm_status": ctypes.c_int32, "int64_t": ctypes.c_int64,
             "uint64_t": ctypes.c_uint64, "double": ctypes.c_double, "void": None, "cm_log_function": _abi.LogFunction,
             "cm_progress_function": _abi.ProgressFunction, "cm_write_function": _abi.WriteFunction,
             "cm_read_function": _abi.ReadFunction}

    def setUp(self):
        text = "".join(path.read_text() for path in sorted((ROOT / "include/custmine").glob("*.h")))
        self.text = re.sub(r"/\*.*?\*/", "", text, flags=re.S)

    def kind(self, declaration):
        if "*" in declaration:
            return "pointer"
        return self.KINDS[declaration.replace("const", "").split()[0]]

    def test_prototypes(self):
        known = _abi.prototypes()
        declared = {}
        for result, name, arguments in re.findall(r"CM_API\s+([^;()]*?)\b(cm_\w+)\(([^;]*)\);", self.text):
            parts = [] if arguments.strip() == "void" else arguments.split(",")
            declared[name] = (self.kind(result), [self.kind(part) for part in parts])
        pointers = (ctypes.c_void_p, ctypes.c_char_p)
        plain = {name: ("pointer" if result in pointers else result,
                        ["pointer" if kind in pointers else kind for kind in arguments])
                 for name, (result, arguments) in known.items()}
        self.assertEqual(plain, declared)

    def test_structs(self):
        for struct, name in ((_abi.ErrorStruct, "cm_error"), (_abi.ColumnView, "cm_column_view"), (_abi.Cell, "cm_cell"),
                             (_abi.ArrowSchema, "ArrowSchema"), (_abi.ArrowArray, "ArrowArray"),
                             (_abi.ArrowArrayStream, "ArrowArrayStream")):
            body = re.search(r"struct %s \{(.*?)\n\}" % name, self.text, re.S).group(1)
            fields = re.findall(r"\(\*(\w+)\)|(\w+);", body)
            self.assertEqual([a or b for a, b in fields], [field for field, _ in struct._fields_], name)

    def test_numbers(self):
        constants = {row["name"]: row["value"] for row in custmine.describe("constants")}
        for name in ("BOOL", "INT64", "FLOAT64", "DECIMAL", "DATE", "TIMESTAMP", "STRING", "LIST", "COLUMN_UTC",
                     "E_OPTION", "E_COLUMN", "E_NOT_FOUND", "ABI_VERSION", "VERSION_MAJOR"):
            self.assertEqual(getattr(_abi, name), constants["CM_" + name], name)
        version = re.search(r'^version = "(.*)"', (ROOT / "bindings/python/pyproject.toml").read_text(), re.M).group(1)
        self.assertEqual(version, custmine.__version__)
        statuses = {value for name, value in constants.items() if name.startswith("CM_E_")}
        self.assertEqual(statuses, set(custmine.errors._BY_STATUS))


class Command(unittest.TestCase):
    """The same as the command says, cell by cell."""

    def test_good_sales(self):
        self.assertEqual(cells_of(custmine.rfm(GOOD)), command_output("good-rfm.csv"))

    def test_shop(self):
        self.assertEqual(cells_of(custmine.rfm(SHOP, on_error="collect")), command_output("shop-rfm.csv"))
        self.assertEqual(cells_of(custmine.customers(SHOP, on_error="collect")), command_output("shop-customers.csv"))

    def test_written_bytes(self):
        scores = custmine.rfm(SHOP, on_error="collect")
        expected = (WORK / "shop-rfm.csv").read_bytes()
        buffer = io.BytesIO()
        scores.write(buffer, raw=True)
        self.assertEqual(buffer.getvalue(), expected)
        scores.write(WORK / "again.csv", raw=True)
        self.assertEqual((WORK / "again.csv").read_bytes(), expected)

    def test_threads_and_sources_agree(self):
        expected = command_output("shop-rfm.csv")
        with custmine.Context(threads=2):
            self.assertEqual(cells_of(custmine.rfm(SHOP, on_error="collect")), expected)
        self.assertEqual(cells_of(custmine.rfm(shop(), on_error="collect")), expected)
        self.assertEqual(cells_of(custmine.rfm(custmine.customers(shop(), on_error="collect"))), expected)
        self.assertEqual(cells_of(custmine.fit("rfm", shop()).apply(shop())), expected)


class Tables(unittest.TestCase):
    def test_cells(self):
        table = custmine.read(GOOD)
        self.assertEqual(len(table), 4)
        self.assertEqual(table.rows, 4)
        self.assertEqual(table["StockCode"], ["85123A", "007", "85123A", "22728"])
        self.assertEqual(table["Description"][1:], ['LAMP, "BIG"', "WHITE HANGING HEART", None])
        self.assertEqual(table["InvoiceDate"][0], datetime.datetime(2010, 12, 1, 8, 26))
        self.assertEqual([str(price) for price in table["UnitPrice"]], ["2.550", "10.125", "2.550", "3.000"])
        self.assertEqual(table["CustomerID"][3], None)
        self.assertEqual(table.to_dicts()[2]["Quantity"], -1)
        self.assertEqual(list(table.to_dict()), table.columns)
        self.assertIn("Country", table)
        self.assertNotIn("country", table)
        self.assertEqual([row["role"] for row in table.schema][:3], ["invoice", "item", "item_name"])
        with self.assertRaisesRegex(KeyError, "no column Colour; the columns are InvoiceNo") as caught:
            table["Colour"]
        self.assertIsInstance(caught.exception, custmine.ColumnError)

    def test_audit_balances(self):
        audit = custmine.rfm(SHOP, on_error="collect").audit
        for step in dict.fromkeys(audit["step"]):
            rows = {row["reason"]: row["rows"] for row in audit if row["step"] == step}
            self.assertEqual(rows.pop("read"), sum(rows.values()), step)
        with self.assertRaisesRegex(custmine.NotFoundError, "audit"):
            custmine.rfm(GOOD).attached("nothing")

    def test_from_python_values(self):
        columns = {"text": ["a\0b", None, "ü"], "whole": [1, None, -3], "real": [0.5, 2, None], "yes": [True, False, None],
                   "money": [Decimal("1.5"), Decimal("-2.25"), None], "day": [datetime.date(1969, 12, 31), None, datetime.date(2024, 2, 29)],
                   "time": [datetime.datetime(1969, 12, 31, 23, 59, 59, 999999), None, datetime.datetime(2024, 2, 29, 1)],
                   "items": [["a", "b"], [], None], "nothing": [None, None, None]}
        table = custmine.Table.from_columns(columns)
        self.assertEqual(table.to_dict(), columns)
        self.assertEqual(table["money"][1].as_tuple().exponent, -2)
        with self.assertRaisesRegex(ValueError, "mixes"):
            custmine.Table.from_columns({"a": [1, "b"]})
        with self.assertRaisesRegex(ValueError, "length"):
            custmine.Table.from_columns({"a": [1], "b": []})

    def test_tables_from_tables(self):
        table = custmine.read(GOOD)
        self.assertEqual(table.select("Country", "Quantity").columns, ["Country", "Quantity"])
        self.assertEqual(table.sort("-Quantity", "StockCode")["Quantity"], [6, 2, 1, -1])
        self.assertEqual(table.filter("Quantity", ">", 1)["Quantity"], [6, 2])
        self.assertEqual(table.filter("CustomerID", "absent").rows, 1)
        self.assertEqual(table.slice(1, 2)["StockCode"], ["007", "85123A"])
        self.assertEqual(custmine.concat([table, table]).rows, 8)
        names = custmine.Table.from_columns({"Country": ["France"], "capital": ["Paris"]})
        self.assertEqual(table.join(names, right_key="Country")["capital"], [None, None, "Paris", "Paris"])
        with self.assertRaises(custmine.ColumnError):
            table.with_role("Country", "colour")

    def test_python_sources(self):
        scores = custmine.rfm(ROWS)
        self.assertEqual(scores["monetary"], [Decimal("12.50"), Decimal("1.00")])
        by_name = {"who": ["a", "b"], "when": [datetime.date(2024, 1, 1)] * 2, "paid": [Decimal(1), Decimal(2)]}
        self.assertEqual(custmine.rfm(by_name, customer="who", date="when", amount="paid")["customer"], ["a", "b"])
        with self.assertRaises(TypeError):
            custmine.rfm(7)

    def test_several_files_and_batches(self):
        self.assertEqual(custmine.read(GOOD, GOOD).rows, 8)
        self.assertEqual(custmine.customers([GOOD, GOOD])["lines"], [4])
        batches = custmine.Batches(SHOP, on_error="collect", batch_rows=1000)
        parts = list(batches)
        self.assertGreater(len(parts), 5)
        whole = shop()
        self.assertEqual(sum(len(part) for part in parts), len(whole))
        self.assertEqual(batches.audit.to_dicts(), whole.audit.to_dicts())

    def test_life_in_any_order(self):
        context = custmine.Context(threads=1)
        table = custmine.read(GOOD, context=context)
        model = custmine.fit("rfm", table, context=context)
        scorer = model.scorer()
        del context
        gc.collect()
        column = table["StockCode"]
        del table
        del model
        gc.collect()
        self.assertEqual(column[1], "007")
        self.assertEqual(scorer(0, 1, 5)["r"], 1)
        attached = custmine.rfm(GOOD).attached("segments")
        gc.collect()
        self.assertIn("segment", attached.columns)


class Options(unittest.TestCase):
    def test_unknown(self):
        with self.assertRaisesRegex(custmine.OptionError, "no option refund .*did you mean refunds") as caught:
            custmine.rfm(GOOD, refund="keep")
        self.assertIsInstance(caught.exception, ValueError)
        self.assertEqual((caught.exception.status, caught.exception.reason), (-3, "UNKNOWN_OPTION"))
        with self.assertRaisesRegex(custmine.OptionError, "custmine.Context"):
            custmine.rfm(GOOD, threads=2)
        with self.assertRaisesRegex(custmine.OptionError, "did you mean threads"):
            custmine.Context(thread=2)

    def test_values(self):
        for options in ({"scores": 1}, {"scores": "many"}, {"refunds": "sometimes"}, {"as_of": "yesterday"},
                        {"scores": 2**70}, {"scores": 4.5}):
            with self.assertRaises(custmine.OptionError, msg=str(options)):
                custmine.rfm(GOOD, **options)
        with self.assertRaises(ValueError):
            custmine.rfm(GOOD, delimiter=",\0")

    def test_dates(self):
        as_of = datetime.date(2010, 12, 5)
        for value in (as_of, "2010-12-05", datetime.datetime(2010, 12, 5, 9, 30)):
            self.assertEqual(custmine.customers(GOOD, as_of=value)["recency_days"], [4])

    def test_lists_and_tables(self):
        self.assertEqual(custmine.read(GOOD, na=["France", "France "])["Country"][2], None)
        self.assertEqual(custmine.read(GOOD, na="France")["Country"][2], None)
        attributes = [{"customer": "17850.0", "colour": "red"}, {"customer": "new", "colour": "blue"}]
        customers = custmine.customers(GOOD, attributes=attributes)
        self.assertEqual(customers.select("customer", "colour").to_dicts(), attributes)
        rules = {"segment": ["low", "high"], "r_from": [1, 2], "r_to": [1, 2]}
        whole = custmine.Table.from_columns({**rules, "f_from": [1, 1], "f_to": [2, 2], "m_from": [1, 1], "m_to": [2, 2]})
        self.assertLessEqual(set(custmine.rfm(ROWS, scores=2, segments=whole)["segment"]), {"low", "high"})
        with self.assertRaises(custmine.Error):
            custmine.rfm(ROWS, scores=2, segments={"segment": ["low"], "r_from": [1], "r_to": [1]})

    def test_wrong_place(self):
        customers = custmine.customers(GOOD)
        with self.assertRaisesRegex(custmine.OptionError, "as_of is for transactions"):
            custmine.rfm(customers, as_of="2010-12-05")
        with self.assertRaisesRegex(custmine.OptionError, "delimiter is for reading"):
            custmine.rfm(customers, delimiter=";")

    def test_methods_are_described(self):
        self.assertIn("rfm", dir(custmine))
        self.assertEqual(inspect.signature(custmine.rfm).parameters["scores"].default, 5)
        self.assertIn("scores (integer 2 to 10, default 5)", custmine.rfm.__doc__)
        self.assertIn("segment", custmine.rfm.__doc__)
        with self.assertRaises(AttributeError):
            custmine.nothing
        with self.assertRaises(custmine.NotFoundError):
            custmine.fit("nothing", GOOD)


class Errors(unittest.TestCase):
    def test_place(self):
        path = str(ROOT / "tests/data/bad-rows.csv")
        with self.assertRaises(custmine.DataError) as caught:
            custmine.read(path)
        error = caught.exception
        self.assertEqual((error.file, error.line, error.status, error.reason), (path, 3, -6, "ROW_LENGTH"))
        bad = WORK / "bad-cell.csv"
        bad.write_text("customer,date,amount\n1,2011-01-01,5\n3,2011-13-01,5\n")
        with self.assertRaises(custmine.InputError) as caught:
            custmine.read(bad)
        error = caught.exception
        self.assertEqual((error.line, error.column, error.field), (3, 2, "date"))
        self.assertIn("2011-13-01", str(error))
        copy = pickle.loads(pickle.dumps(error))
        self.assertEqual((type(copy), str(copy), copy.line), (type(error), str(error), 3))

    def test_kinds(self):
        with self.assertRaises(OSError) as caught:
            custmine.read("no/such/file.csv")
        self.assertIsInstance(caught.exception, custmine.FileError)
        with self.assertRaises(custmine.FormatError):
            custmine.read(ROOT / "tests/data/bad-cut.csv.gz")
        with self.assertRaises(custmine.FormatError):
            custmine.load(GOOD)
        with self.assertRaises(custmine.InputError):
            custmine.rfm(ROOT / "tests/data/bad-ambiguous-dates.csv")
        with self.assertRaisesRegex(KeyError, "no column for"):
            custmine.customers({"x": [1]})
        with self.assertRaises(custmine.Error):
            custmine.read(ROOT / "tests/data/bad-empty.csv")

    def test_memory_limit(self):
        with self.assertRaises(custmine.LimitError) as caught:
            custmine.read(SHOP, on_error="collect", context=custmine.Context(memory_limit="200KB"))
        self.assertEqual(caught.exception.reason, "MEMORY_LIMIT")
        with custmine.Context(memory_limit="100MB") as context:
            table = shop()
            self.assertGreater(context.peak_memory, 100000)
        self.assertGreater(len(table), 10000)

    def test_writing_raises(self):
        class Full:
            def write(self, data):
                raise ZeroDivisionError("full")

        with self.assertRaisesRegex(ZeroDivisionError, "full"):
            custmine.read(GOOD).write(Full())


class Callbacks(unittest.TestCase):
    def test_progress(self):
        stages = []
        context = custmine.Context(progress=lambda *event: stages.append(event))
        custmine.read(SHOP, on_error="collect", context=context)
        self.assertTrue(stages)
        self.assertTrue(all(isinstance(stage, str) and done <= (total or done) for stage, done, total in stages))

    def test_raising_cancels(self):
        class Enough(Exception):
            pass

        def stop(stage, done, total):
            raise Enough(stage)

        context = custmine.Context(progress=stop)
        with self.assertRaises(Enough):
            custmine.read(SHOP, on_error="collect", context=context)
        with self.assertRaises(Enough):
            custmine.rfm(SHOP, on_error="collect", context=context)
        self.assertEqual(len(custmine.read(SHOP, on_error="collect")), len(shop()))

    def test_using_the_context_within(self):
        context = custmine.Context(progress=lambda *_: custmine.read(GOOD, context=context))
        with self.assertRaisesRegex(custmine.ArgumentError, "callback"):
            custmine.read(SHOP, on_error="collect", context=context)

    def test_cancel(self):
        context = custmine.Context()
        context.cancel()
        with self.assertRaises(custmine.Cancelled):
            custmine.read(SHOP, on_error="collect", context=context)
        self.assertGreater(len(custmine.read(SHOP, on_error="collect", context=context)), 10000)

    def test_interrupt(self):
        # Python takes no notice of Ctrl-C where the shell started it in the background: ask for it.
        before = signal.signal(signal.SIGINT, signal.default_int_handler)
        self.addCleanup(signal.signal, signal.SIGINT, before)
        context = custmine.Context(progress=lambda *_: os.kill(os.getpid(), signal.SIGINT))
        with self.assertRaises(KeyboardInterrupt):
            for _ in range(50):
                custmine.rfm(SHOP, on_error="collect", context=context)


class States(unittest.TestCase):
    def test_orders(self):
        orders = custmine.Orders()
        orders.update(SHOP, batch="2025", on_error="collect")
        self.assertEqual(cells_of(orders.customers(on_error="collect")), command_output("shop-customers.csv"))
        before = orders.table().to_dicts()
        with self.assertRaises(custmine.DuplicateError):
            orders.update(ROWS, batch="2025")
        with self.assertRaises(custmine.DuplicateError):
            orders.update(SHOP, batch="2025", on_error="collect")
        self.assertEqual(orders.table().to_dicts(), before)
        self.assertEqual(cells_of(custmine.rfm(orders, on_error="collect")), command_output("shop-rfm.csv"))

    def test_all_or_nothing_over_files(self):
        bad = WORK / "late.csv"
        bad.write_text("customer,date,amount\n" + "1,2011-01-01,5\n" * 30 + "1,2011-13-01,5\n")
        orders = custmine.Orders()
        orders.update(ROWS)
        with self.assertRaises(custmine.DataError):
            orders.update(bad, batch="x", batch_rows=10)
        self.assertEqual(orders.customers()["lines"], [2, 1])
        orders.update(ROWS, batch="x")

    def test_remove_and_rename(self):
        orders = custmine.Orders()
        orders.update(ROWS)
        orders.remove_invoice(2)
        self.assertEqual(orders.customers()["money"], [Decimal("5.00"), Decimal("1.00")])
        orders.rename("customer", "b", "c")
        self.assertEqual(orders.customers()["customer"], ["a", "c"])
        orders.erase_customer("a")
        self.assertEqual(orders.customers(as_of="2024-01-20").select("customer", "recency_days").to_dicts(),
                         [{"customer": "c", "recency_days": 5}])
        with self.assertRaises(KeyError):
            orders.erase_customer("a")

    def test_merge_and_files(self):
        first, second = custmine.Orders(), custmine.Orders()
        first.update(ROWS[:2], batch="1")
        second.update(ROWS[2:], batch="2")
        first.merge(second)
        path = WORK / "orders.cm"
        first.save(path)
        loaded = custmine.load(path)
        self.assertIsInstance(loaded, custmine.Orders)
        whole = custmine.Orders()
        whole.update(ROWS)
        self.assertEqual(loaded.table().to_dicts(), whole.table().to_dicts())
        with self.assertRaises(custmine.DuplicateError):
            loaded.merge(second)
        loaded.update(GOOD, batch="3")
        self.assertEqual(loaded.customers().rows, 3)
        with self.assertRaises(custmine.FormatError):
            custmine.Model.load(path)

    def test_model(self):
        model = custmine.fit("rfm", SHOP, on_error="collect", scores=4)
        self.assertEqual(model.method, "rfm")
        self.assertLessEqual({"options", "cuts"}, set(model.tables))
        self.assertEqual(max(model.table("cuts")["score"]), 4)
        path = WORK / "rfm.cm"
        model.save(path)
        loaded = custmine.load(path)
        self.assertIsInstance(loaded, custmine.Model)
        for name in model.tables:
            self.assertEqual(loaded.table(name).to_dicts(), model.table(name).to_dicts(), name)
        scores = model.apply(shop(), on_error="collect")
        self.assertEqual(loaded.apply(shop(), on_error="collect").to_dicts(), scores.to_dicts())
        self.assertEqual(custmine.rfm(shop(), on_error="collect", scores=4).to_dicts(), scores.to_dicts())
        reasons = loaded.explain(shop(), on_error="collect")
        self.assertEqual(set(reasons["customer"]), set(scores["customer"]))
        with self.assertRaises(custmine.NotFoundError):
            model.table("nothing")

    def test_scorer(self):
        model = custmine.fit("rfm", SHOP, on_error="collect")
        scorer = model.scorer()
        for row in model.apply(shop(), on_error="collect"):
            expected = {name: row[name] for name in scorer.outputs}
            self.assertEqual(scorer(row["recency_days"], row["frequency"], row["monetary"]), expected)
            self.assertEqual(scorer(money=float(row["monetary"]), invoices=row["frequency"],
                                    recency_days=row["recency_days"]), expected)
        with self.assertRaises(custmine.DataError):
            scorer(1, 2, None)
        with self.assertRaises(custmine.DataError):
            scorer(1, 2, "three")
        for wrong in ((1, 2), (1, 2, 3, 4)):
            with self.assertRaises(ValueError):
                scorer(*wrong)
        with self.assertRaises(ValueError):
            scorer(1, 2, colour=3)

    def test_threads(self):
        model = custmine.fit("rfm", SHOP, on_error="collect")
        customers = custmine.customers(SHOP, on_error="collect")
        expected = model.apply(customers).to_dicts()
        shared = custmine.Context()
        failures = []

        def work(own):
            try:
                scorer = model.scorer()
                for _ in range(5):
                    rows = model.apply(customers, context=own).to_dicts()
                    assert rows == expected
                    for row in rows:
                        scored = scorer(row["recency_days"], row["frequency"], row["monetary"])
                        assert scored["rfm"] == row["rfm"]
            except BaseException as error:
                failures.append(error)

        threads = [threading.Thread(target=work, args=(shared if i % 2 else None,)) for i in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(failures, [])


class Capsules(unittest.TestCase):
    """Arrow by capsules alone, from this package to itself."""

    def test_round_trip(self):
        table = custmine.rfm(SHOP, on_error="collect")
        again = custmine.Table.from_arrow(table)
        self.assertEqual(again.to_dicts(), table.to_dicts())
        self.assertEqual(again.schema.to_dicts(), table.schema.to_dicts())

    def test_released_unless_taken(self):
        from custmine import _arrow

        table = custmine.read(GOOD)
        capsules = [table.__arrow_c_stream__(), table.__arrow_c_schema__()]
        self.assertEqual(len(_arrow._stream_kind._alive), 1)
        self.assertEqual(len(_arrow._schema_kind._alive), 1)
        del capsules, table
        self.assertEqual((_arrow._stream_kind._alive, _arrow._schema_kind._alive), ({}, {}))

    def test_taken_once(self):
        class Producer:
            def __init__(self, capsule):
                self.capsule = capsule

            def __arrow_c_stream__(self, requested_schema=None):
                return self.capsule

        producer = Producer(custmine.read(GOOD).__arrow_c_stream__())
        self.assertEqual(custmine.Table.from_arrow(producer).rows, 4)
        with self.assertRaises(custmine.Error):
            custmine.Table.from_arrow(producer)
        with self.assertRaises(ValueError):
            custmine.Table.from_arrow(Producer(custmine.read(GOOD).__arrow_c_schema__()))

    def test_at_the_end_of_python(self):
        code = ("import custmine, sys; t = custmine.read(sys.argv[1]); c = t.__arrow_c_stream__(); "
                "s = t.__arrow_c_schema__(); m = custmine.fit('rfm', t); sys.kept = (c, s, m.scorer())")
        done = subprocess.run([sys.executable, "-c", code, GOOD], capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stderr), (0, ""))


class Finding(unittest.TestCase):
    def test_wrong_library(self):
        for path, says in (("/no/such/library.so", "is not there"), (ctypes.util.find_library("c"), "")):
            done = subprocess.run([sys.executable, "-c", "import custmine"], capture_output=True, text=True,
                                  env={**os.environ, "CUSTMINE_LIBRARY": path})
            self.assertIn("Error", done.stderr)
            self.assertIn(says, done.stderr)


class Methods(unittest.TestCase):
    """Every method through the generic calls, against the command."""

    # Takes the scores of another method, not transactions.
    OF_SEGMENTS = "migration"
    NEEDED = {"profile": {"group": "money>=1000"}}

    def test_first_tables(self):
        for method in custmine._describe.methods():
            with self.subTest(method):
                if method == self.OF_SEGMENTS:
                    continue
                command = [os.path.join(os.environ["CUSTMINE_BUILD"], "custmine"), method, "--on-error", "collect", "--raw"]
                command += [part for name, value in self.NEEDED.get(method, {}).items() for part in ("--" + name, value)]
                said = subprocess.run([*command, SHOP], capture_output=True, check=True, text=True).stdout
                theirs = list(csv.reader(io.StringIO(said)))
                ours = getattr(custmine, method)(SHOP, on_error="collect", **self.NEEDED.get(method, {}))
                self.assertGreater(len(ours), 0)
                self.assertEqual(list(ours.columns), theirs[0])
                self.assertEqual(len(ours), len(theirs) - 1)

    def test_models_survive_a_file(self):
        for method in custmine._describe.methods():
            with self.subTest(method):
                path = os.path.join(WORK, method + ".cm")
                data = custmine.rfm(SHOP, on_error="collect") if method == self.OF_SEGMENTS else shop()
                model = custmine.fit(method, data, **self.NEEDED.get(method, {}))
                model.save(path)
                again = custmine.load(path)
                self.assertEqual(again.tables, model.tables)
                self.assertEqual(again.apply(data).to_dicts(), model.apply(data).to_dicts())

    def test_moves(self):
        then = custmine.rfm(SHOP, on_error="collect", as_of="2025-09-30")
        changes = custmine.fit("migration", then).apply(custmine.rfm(SHOP, on_error="collect"))
        self.assertGreater(len(changes), 0)
        self.assertEqual(list(changes.columns)[:4], ["customer", "from", "to", "code"])

    def test_profiles(self):
        buyers = custmine.profile(shop(), members=shop(), group="StockCode=20583")
        self.assertEqual(buyers.attached("group")["way"], ["buyers"])
        people = custmine.customers(SHOP, on_error="collect")
        ids = [{"customer": row["customer"]} for row in people.to_dicts() if row["money"] >= 1000]
        listed = custmine.profile(people, members=ids)
        asked = custmine.profile(people, group="money>=1000")
        same = [row for row in listed.to_dicts() if row["attribute"] == "invoices" and row["value"] is None]
        self.assertEqual([row["p"] for row in same],
                         [row["p"] for row in asked.to_dicts() if row["attribute"] == "invoices" and row["value"] is None])

    def test_own_columns(self):
        rows = [{"a": float(i % 3), "b": float(i % 2)} for i in range(30)]
        assignments = custmine.kmeans(rows, columns=["a", "b"], k=2)
        self.assertEqual(len(assignments), 30)

    def test_checks(self):
        self.assertIn("no_customer", custmine.checks(SHOP, on_error="collect")["check"])


if __name__ == "__main__":
    unittest.main()
