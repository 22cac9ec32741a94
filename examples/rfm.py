"""The main job in Python: transactions in, RFM scores out.

    python rfm.py sales.csv.gz
"""
import sys

import custmine

scores = custmine.rfm(sys.argv[1])        # or any DataFrame, Arrow table, DuckDB relation; .to_pandas() for one back
for row in scores.to_dicts()[:5]:
    print(f"{row['customer']} spent {row['monetary']}: {row['segment']}")
