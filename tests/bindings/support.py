"""What the Python tests share."""
import csv
import datetime
import os
import sys
from decimal import Decimal
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ["CUSTMINE_BUILD"])
WORK = Path(os.environ["CUSTMINE_WORK"])
GOOD = str(ROOT / "tests/data/good-sales.csv")
SHOP = str(WORK / "shop.csv")
RETAIL = ROOT.parent / "shared/data/online_retail.csv.gz"


def say_skipped(what):
    print(f"skipped: {what}", file=sys.stderr)


def written(value):
    """A cell as the command writes it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        text = repr(value)
        return text[:-2] if text.endswith(".0") else text
    if isinstance(value, datetime.datetime):
        return value.isoformat(" ")
    if isinstance(value, Decimal):
        return format(value, "f")
    return str(value)


def command_output(name):
    """What the command wrote for the same data: its header and its rows of cells."""
    with open(WORK / name, encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    return rows[0], rows[1:]


def cells_of(table):
    """The same of a table, read cell by cell through Python."""
    return table.columns, [[written(value) for value in row.values()] for row in table]
