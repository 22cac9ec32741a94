"""pandas, Polars, pyarrow and DuckDB: in, out, and nothing left behind."""
import datetime
import gc
import os
import resource
import sys
import tempfile
import unittest
import warnings
import weakref
from decimal import Decimal

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from support import GOOD, RETAIL, SHOP, cells_of, command_output, say_skipped  # noqa: E402

import duckdb  # noqa: E402
import pandas  # noqa: E402
import polars  # noqa: E402
import pyarrow  # noqa: E402

import custmine  # noqa: E402

DAY = datetime.date(2024, 2, 29)
TIME = datetime.datetime(2024, 2, 29, 13, 14, 15)


def one(array, name="x"):
    return pyarrow.table({name: array})


def through(array):
    """A column through the library, as Python values."""
    return custmine.Table.from_arrow(one(array))["x"]


class Types(unittest.TestCase):
    """All types of the design, into the library and out again, with absent cells, offsets and several chunks."""

    def check(self, values, type_, wanted=None, kind=None):
        wanted = list(values) if wanted is None else wanted
        array = pyarrow.array(list(values) * 3, type=type_)
        chunked = pyarrow.chunked_array([array, array.slice(1, 5), array.slice(0, 0), array.slice(len(array) - 1)])
        cases = {"whole": (array, wanted * 3), "sliced": (array.slice(1), (wanted * 3)[1:]),
                 "chunks": (chunked, wanted * 3 + (wanted * 3)[1:6] + (wanted * 3)[-1:])}
        for name, (given, expected) in cases.items():
            with self.subTest(type=str(type_), case=name):
                table = custmine.Table.from_arrow(one(given))
                self.assertEqual(table["x"], expected)
                out = table.to_arrow(strings="plain")
                out.validate(full=True)
                self.assertEqual(out["x"].to_pylist(), expected)
                self.assertEqual(custmine.Table.from_arrow(out)["x"], expected)
                if kind:
                    self.assertEqual(table.schema["type"], [kind])

    def test_integers(self):
        for bits in (8, 16, 32, 64):
            signed, unsigned = getattr(pyarrow, f"int{bits}")(), getattr(pyarrow, f"uint{bits}")()
            self.check([1, None, -(2 ** (bits - 1)), 2 ** (bits - 1) - 1], signed, kind="INT64")
            self.check([1, None, 0, 2 ** min(bits, 63) - 1], unsigned, kind="INT64")
        with self.assertRaises(custmine.Error):
            through(pyarrow.array([2**64 - 1], pyarrow.uint64()))

    def test_numbers(self):
        self.check([0.1, None, -1e300, 0.0], pyarrow.float64(), kind="FLOAT64")
        self.check([0.5, None, -1.25, 0.0], pyarrow.float32(), kind="FLOAT64")
        self.check([True, None, False, True], pyarrow.bool_(), kind="BOOL")
        money = [Decimal("1.50"), None, Decimal("-92233720368547758.08"), Decimal("92233720368547758.07")]
        self.check(money, pyarrow.decimal128(38, 2), kind="DECIMAL")
        self.check(money, pyarrow.decimal128(19, 2), kind="DECIMAL")
        self.check([Decimal("1.50"), None, Decimal("-12.34")], pyarrow.decimal64(18, 2), kind="DECIMAL")
        with self.assertRaises(custmine.Error):
            through(pyarrow.array([Decimal(2**63)], pyarrow.decimal128(38, 0)))
        narrow = custmine.Table.from_arrow(one(pyarrow.array([Decimal("1.5")]))).to_arrow(decimals="decimal64")
        self.assertEqual(narrow.schema.field("x").type, pyarrow.decimal64(18, 1))

    def test_times(self):
        early = datetime.datetime(1969, 12, 31, 23, 59, 59)
        self.check([DAY, None, datetime.date(1, 1, 1), datetime.date(9999, 12, 31)], pyarrow.date32(), kind="DATE")
        self.check([DAY, None, datetime.date(1900, 1, 1)], pyarrow.date64(), kind="DATE")
        for unit in ("s", "ms", "us", "ns"):
            self.check([TIME, None, early], pyarrow.timestamp(unit), kind="TIMESTAMP")
            utc = [moment and moment.replace(tzinfo=datetime.timezone.utc) for moment in (TIME, None, early)]
            for zone in ("UTC", "Europe/Berlin", "+05:30"):
                self.check(utc, pyarrow.timestamp(unit, zone), kind="TIMESTAMP")

    def test_texts(self):
        texts = ["a", None, "", "ü" * 50, "a longer text than twelve bytes", "a"]
        for type_ in (pyarrow.utf8(), pyarrow.large_utf8(), pyarrow.string_view()):
            self.check(texts, type_, kind="STRING")
        for bits in (8, 16, 32, 64):
            for index in (getattr(pyarrow, f"int{bits}")(), getattr(pyarrow, f"uint{bits}")()):
                for value in (pyarrow.utf8(), pyarrow.large_utf8()):
                    self.check(texts, pyarrow.dictionary(index, value), kind="STRING")
        encoded = custmine.Table.from_arrow(one(pyarrow.array(texts))).to_arrow()
        self.assertTrue(pyarrow.types.is_dictionary(encoded.schema.field("x").type))
        self.assertEqual(encoded["x"].to_pylist(), texts)

    def test_lists(self):
        lists = [["a", "b"], None, [], ["c"], ["a", "a longer text than twelve bytes"]]
        self.check(lists, pyarrow.list_(pyarrow.utf8()), kind="LIST")
        self.check(lists, pyarrow.large_list(pyarrow.utf8()), kind="LIST")

    def test_refused(self):
        for array in (pyarrow.array([b"x"], pyarrow.binary()), pyarrow.array([1], pyarrow.duration("s")),
                      pyarrow.array([{"a": 1}])):
            with self.assertRaisesRegex(custmine.UnsupportedError, "column x"):
                through(array)
        with self.assertRaises(custmine.Error):
            custmine.Table.from_arrow(pyarrow.array([1, 2]))
        with self.assertRaises(TypeError):
            custmine.Table.from_arrow(object())

    def test_one_batch_and_empty(self):
        batch = pyarrow.record_batch({"x": pyarrow.array([1, None])})

        class Array:
            def __arrow_c_array__(self, requested_schema=None):
                return batch.__arrow_c_array__()

        self.assertEqual(custmine.Table.from_arrow(Array())["x"], [1, None])
        empty = custmine.Table.from_arrow(one(pyarrow.array([], pyarrow.utf8())))
        self.assertEqual((empty.rows, empty.to_arrow().num_rows, len(empty.to_pandas()), len(empty.to_polars())), (0,) * 4)
        reader = pyarrow.RecordBatchReader.from_batches(batch.schema, iter([batch, batch]))
        self.assertEqual(custmine.Table.from_arrow(reader).rows, 4)

    def test_stream_that_fails(self):
        def batches():
            yield pyarrow.record_batch({"x": pyarrow.array([1])})
            raise OSError("the source broke")

        schema = pyarrow.schema([("x", pyarrow.int64())])
        with self.assertRaisesRegex(custmine.Error, "the source broke"):
            custmine.Table.from_arrow(pyarrow.RecordBatchReader.from_batches(schema, batches()))

    def test_roles_travel(self):
        table = custmine.Table.from_columns({"who": ["a"]}).with_role("who", "customer")
        self.assertEqual(table.to_arrow().schema.field("who").metadata, {b"custmine.role": b"customer"})
        self.assertEqual(custmine.Table.from_arrow(table.to_arrow()).schema["role"], ["customer"])
        self.assertEqual(pyarrow.schema(table).names, ["who"])


class Out(unittest.TestCase):
    def setUp(self):
        self.table = custmine.customers(SHOP, on_error="collect")

    def test_equal(self):
        rows = self.table.to_dicts()
        self.assertEqual(self.table.to_arrow().to_pylist(), rows)
        self.assertEqual(self.table.to_polars().to_dicts(), rows)
        self.assertEqual(pyarrow.table(self.table).to_pylist(), rows)
        self.assertEqual(polars.DataFrame(self.table).to_dicts(), rows)
        self.assertEqual(self.table.to_polars().schema["customer"], polars.String)
        exact = self.table.to_pandas(decimals="exact")
        self.assertEqual(exact["money"].tolist(), self.table["money"])

    def test_pandas(self):
        frame = self.table.to_pandas()
        self.assertEqual(list(frame.columns), self.table.columns)
        for name in frame.columns:
            for got, wanted in zip(frame[name].tolist(), self.table[name]):
                if wanted is None:
                    self.assertTrue(pandas.isna(got), name)
                else:
                    self.assertEqual(got, float(wanted) if isinstance(wanted, Decimal) else wanted, name)
        kinds = {name: str(kind) for name, kind in frame.dtypes.items()}
        self.assertEqual((kinds["first"], kinds["money"], kinds["invoices"]), ("datetime64[us]", "float64", "int64"))

    def test_pandas_types(self):
        utc = datetime.timezone.utc
        arrow = pyarrow.table({
            "b": pyarrow.array([True, None]), "b2": pyarrow.array([True, False]), "i": pyarrow.array([2**60 + 1, None]),
            "d": pyarrow.array([DAY, None]), "t": pyarrow.array([TIME.replace(tzinfo=utc), None], pyarrow.timestamp("us", "UTC")),
            "s": pyarrow.array(["x", None]), "l": pyarrow.array([["p"], None]),
            "m": pyarrow.array([Decimal("90071992547409.93"), None])})
        frame = custmine.Table.from_arrow(arrow).to_pandas()
        self.assertEqual(frame.iloc[0].tolist(),
                         [True, True, 2**60 + 1, pandas.Timestamp(DAY), pandas.Timestamp(TIME, tz="UTC"), "x", ["p"],
                          90071992547409.93])
        self.assertTrue(frame.iloc[1].drop("b2").isna().all())
        big = custmine.Table.from_columns({"m": [Decimal("92233720368547758.07"), Decimal("-0.01")]})
        self.assertEqual(big.to_pandas()["m"].tolist(), [92233720368547758.07, -0.01])
        twice = custmine.read(GOOD).to_pandas()
        self.assertEqual(twice["StockCode"].tolist(), ["85123A", "007", "85123A", "22728"])
        with self.assertRaises(custmine.ArgumentError):
            self.table.to_pandas(decimals="some")

    def test_duckdb(self):
        scores = custmine.rfm(SHOP, on_error="collect").to_arrow()
        count, money = duckdb.sql("select count(*), sum(monetary) from scores").fetchall()[0]
        self.assertEqual((count, money), (len(scores), sum(scores["monetary"].to_pylist())))

    def test_outlives_the_table(self):
        arrow, frame = self.table.to_arrow(), self.table.to_pandas()
        rows = self.table.to_dicts()
        del self.table
        gc.collect()
        self.assertEqual(arrow.to_pylist(), rows)
        self.assertEqual(frame["customer"].tolist(), [row["customer"] for row in rows])


class In(unittest.TestCase):
    def test_every_kind_of_frame(self):
        expected = command_output("shop-rfm.csv")
        arrow = custmine.read(SHOP, on_error="collect").to_arrow(strings="plain")
        sources = {"pyarrow": arrow, "polars": polars.from_arrow(arrow), "duckdb": duckdb.sql("select * from arrow"),
                   "reader": arrow.to_reader(), "polars categorical": polars.DataFrame(custmine.read(SHOP, on_error="collect")),
                   "pandas arrow": arrow.to_pandas(types_mapper=pandas.ArrowDtype)}
        for name, source in sources.items():
            with self.subTest(source=name):
                self.assertEqual(cells_of(custmine.rfm(source, on_error="collect")), expected)
        frame = custmine.read(SHOP, on_error="collect").to_pandas()
        got = custmine.rfm(frame, on_error="collect").to_pandas()
        pandas.testing.assert_frame_equal(got, custmine.rfm(SHOP, on_error="collect").to_pandas())

    def test_roles_by_option(self):
        frame = pandas.DataFrame({"who": ["a", "b", "a"], "when": ["2024-01-01", "2024-01-02", "2024-01-03"],
                                  "paid": [1.5, 2.25, None]})
        customers = custmine.customers(frame.dropna(), customer="who", date="when", amount="paid")
        self.assertEqual(customers["money"], [Decimal("1.50"), Decimal("2.25")])

    def test_bad_cells_say_where(self):
        frame = pandas.DataFrame({"customer": ["a", "b"], "date": ["2024-01-01", "soon"], "amount": [1.5, 2.25]})
        with self.assertRaisesRegex(custmine.Error, "soon"):
            custmine.rfm(frame)


    def test_bytes_that_are_no_text(self):
        """Rows refused for their bytes go out with these bytes; coming in, such bytes are an error with its place."""
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "bad.csv")
            with open(path, "wb") as file:
                file.write(b"id,name\n1,Anna\n2,B\xe9a\n3,Carl\n")
            rejects = custmine.read(path, encoding="utf-8", on_error="collect").attached("rejects")
        self.assertEqual(rejects.to_arrow()["record"].to_pylist(), [b"2,B\xe9a"])
        self.assertEqual(rejects.to_arrow()["reason"].to_pylist(), ["bad_encoding"])
        self.assertEqual(rejects["record"], [b"2,B\xe9a".decode("utf-8", "surrogateescape")])
        self.assertEqual(list(rejects.to_pandas()["record"]), rejects["record"])
        self.assertEqual(rejects.to_polars()["record"].to_list(), [b"2,B\xe9a"])
        wrong = pyarrow.array([b"Anna", b"B\xe9a"]).view(pyarrow.string())
        with self.assertRaisesRegex(custmine.Error, "column name, value 2: the text is not UTF-8"):
            custmine.Table.from_arrow(one(wrong, "name"))


class NothingLeft(unittest.TestCase):
    def setUp(self):
        gc.collect()

    def test_arrow_memory(self):
        before = pyarrow.total_allocated_bytes()
        source = pyarrow.table({"x": pyarrow.array(range(100000)), "s": pyarrow.array([str(i % 99) for i in range(100000)])})
        table = custmine.Table.from_arrow(source)
        alive = pyarrow.total_allocated_bytes()
        del source
        self.assertEqual(table["x"][-1], 99999)
        out = table.to_arrow()
        del table
        self.assertEqual(out["x"][99999].as_py(), 99999)
        self.assertGreater(alive, before)
        del out
        gc.collect()
        self.assertEqual(pyarrow.total_allocated_bytes(), before)

    def test_errors_release(self):
        before = pyarrow.total_allocated_bytes()
        for _ in range(20):
            with self.assertRaises(custmine.Error):
                custmine.Table.from_arrow(pyarrow.table({"x": pyarrow.array(range(1000)), "d": pyarrow.array([1] * 1000, pyarrow.duration("s"))}))
            with self.assertRaises(custmine.LimitError):
                custmine.rfm(pyarrow.table({"customer": range(50000), "date": [DAY] * 50000, "amount": range(50000)}),
                             context=custmine.Context(memory_limit="300KB"))
        gc.collect()
        self.assertEqual(pyarrow.total_allocated_bytes(), before)

    def test_objects(self):
        from custmine import _arrow

        class Producer:
            def __init__(self, table):
                self.table = table

            def __arrow_c_stream__(self, requested_schema=None):
                return self.table.__arrow_c_stream__()

        producer = Producer(custmine.read(GOOD).to_arrow())
        seen = weakref.ref(producer)
        table = custmine.Table.from_arrow(producer)
        del producer
        gc.collect()
        self.assertIsNone(seen())
        kept = weakref.ref(table)
        capsule = table.__arrow_c_stream__()
        del table
        gc.collect()
        self.assertIsNone(kept())
        self.assertEqual(len(_arrow._stream_kind._alive), 1)
        del capsule
        self.assertEqual(len(_arrow._stream_kind._alive), 0)

    def test_steady_memory(self):
        table = custmine.Table.from_arrow(pyarrow.table({"x": pyarrow.array(range(200000)),
                                                         "s": pyarrow.array([str(i % 9999) for i in range(200000)])}))

        def round_trip():
            custmine.Table.from_arrow(polars.DataFrame(custmine.Table.from_arrow(table.to_arrow(strings="plain"))))
            table.__arrow_c_stream__()
            table.to_pandas()

        for _ in range(10):
            round_trip()
        gc.collect()
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        for _ in range(30):
            round_trip()
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        self.assertLess(grown, 60000, "kilobytes; a leak of one table each time would be more than 100000")


@unittest.skipUnless(RETAIL.exists(), "no ../shared/data")
class Retail(unittest.TestCase):
    """Online Retail by every road: the same scores."""

    @classmethod
    def setUpClass(cls):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            cls.frame = pandas.read_csv(RETAIL)
        cls.customers = custmine.customers(RETAIL)
        cls.scores = cls.plain(custmine.rfm(RETAIL))

    @staticmethod
    def plain(scores):
        """Rows by the customer's number: from CSV the id is the text 17850.0, from a frame the integer 17850."""
        return {float(row.pop("customer")): {**row, "monetary": row["monetary"].normalize()} for row in scores}

    def test_sums(self):
        self.assertEqual(len(self.customers), 4372)
        self.assertEqual(sum(self.customers["money"]), Decimal("8300065.814"))
        self.assertEqual(sum(self.customers["refunds"]), Decimal("-611342.090"))
        frame = self.customers.to_pandas()
        self.assertAlmostEqual(frame["money"].sum(), 8300065.814, places=6)

    def test_pandas(self):
        self.assertEqual(str(self.frame["CustomerID"].dtype), "float64")
        self.assertEqual(self.plain(custmine.rfm(self.frame)), self.scores)
        timed = self.frame.assign(InvoiceDate=pandas.to_datetime(self.frame["InvoiceDate"]))
        self.assertEqual(self.plain(custmine.rfm(timed)), self.scores)
        customers = custmine.customers(timed)
        self.assertEqual(sum(customers["money"]), Decimal("8300065.814"))
        self.assertEqual(sum(customers["refunds"]), Decimal("-611342.090"))

    def test_polars_and_duckdb(self):
        frame = polars.read_csv(RETAIL, infer_schema_length=100000)
        self.assertEqual(self.plain(custmine.rfm(frame)), self.scores)
        timed = frame.with_columns(polars.col("InvoiceDate").str.to_datetime(), polars.col("Country").cast(polars.Categorical))
        self.assertEqual(self.plain(custmine.rfm(timed)), self.scores)
        self.assertEqual(self.plain(custmine.rfm(duckdb.sql("select * from timed"))), self.scores)

    def test_scores_join_back(self):
        scores = custmine.rfm(self.frame).to_pandas()
        joined = self.frame.merge(scores, left_on="CustomerID", right_on="customer")
        self.assertEqual(joined["customer"].nunique(), len(scores))


if __name__ == "__main__":
    if not RETAIL.exists():
        say_skipped("Online Retail by every road (no ../shared/data)")
    unittest.main()
