#!/usr/bin/env python3
"""Profiles beside scipy and statsmodels: every line of a profile counted and tested again from the same customers: Fisher's exact test,
Welch's test and its interval, Newcombe's interval, the adjustment. Usage: CUSTMINE_LIBRARY=... PYTHONPATH=bindings/python
profile_scipy.py [FILE GROUP]..."""
import sys
from decimal import Decimal

import numpy as np
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import confint_proportions_2indep

import custmine


def random_customers(seed):
    random = np.random.default_rng(seed)
    n = int(random.integers(60, 3000))
    member = random.random(n) < random.uniform(0.05, 0.6)
    return [{"customer": f"c{i}", "in": int(member[i]), "age": int(random.integers(18, 80) + 5 * member[i]),
             "money": Decimal(int(random.exponential(20000) * (1 + member[i])) ) / 100, "region": str(random.choice(list("abcde"))),
             "score": float(random.normal() * 10.0 ** random.integers(-3, 3)), "open": bool(random.random() < 0.3 + 0.2 * member[i])}
            for i in range(n)], "in=1"


def close(a, b, tolerance=1e-9):
    return a == b or abs(a - b) <= tolerance * max(abs(a), abs(b), 1e-300)


def check_share(row, values, member):
    """Of texts and switches: bands are checked by the unit tests."""
    known = np.array([v is not None for v in values])
    has = np.array([v is not None and (str(v).lower() if isinstance(v, bool) else v) == row["value"] for v in values])
    a, b = int((has & member).sum()), int((known & member).sum())
    c, d = int((has & ~member).sum()), int((known & ~member).sum())
    share = (a + c) / (b + d)
    part = d / (b + d) / np.sqrt(share * (1 - share))
    low, high = confint_proportions_2indep(a, b, c, d, method="newcomb", compare="diff")
    return {"p": stats.fisher_exact([[a, b - a], [c, d - c]]).pvalue, "low": low * part, "high": high * part, "lift": a / b / share}


def check_mean(row, values, member):
    known = np.array([v is not None for v in values])
    x = np.array([float(v) if v is not None else np.nan for v in values])
    group, others, both = x[known & member], x[known & ~member], x[known]
    test = stats.ttest_ind(group, others, equal_var=False)
    interval = test.confidence_interval(0.95)
    part = len(others) / len(both) / both.std()
    return {"p": test.pvalue, "low": interval.low * part, "high": interval.high * part, "group_mean": group.mean(),
            "difference": (group.mean() - both.mean()) / both.std()}


def compare(name, customers, group):
    rows = customers.to_dicts()
    member = np.array([row[group.split("=")[0]] is not None and str(row[group.split("=")[0]]) == group.split("=")[1] for row in rows])
    problems = checked = 0
    for how, theirs in (("holm", "holm"), ("bh", "fdr_bh"), ("bonferroni", "bonferroni")):
        profile = custmine.profile(customers, group=group, adjust=how).to_dicts()
        adjusted = multipletests([row["p"] for row in profile], method=theirs)[1]
        problems += sum(not close(row["p_adjusted"], p) for row, p in zip(profile, adjusted))
    for row in profile:
        values = [one[row["attribute"]] for one in rows]
        texts = all(v is None or isinstance(v, (str, bool)) for v in values)
        if row["value"] is not None and not texts:
            continue
        wanted = (check_mean if row["value"] is None else check_share)(row, values, member)
        wrong = {key: (row[key], float(value)) for key, value in wanted.items() if not close(row[key], value)}
        if wrong:
            print(f"{name}: {row['attribute']} {row['value']}: {wrong}")
        problems += len(wrong)
        checked += 1
    return checked, problems


tables = [(f"seed {seed}", *random_customers(seed)) for seed in range(30)]
tables += [(sys.argv[i], custmine.read(sys.argv[i]), sys.argv[i + 1]) for i in range(1, len(sys.argv), 2)]
checked = problems = 0
for name, customers, group in tables:
    if not isinstance(customers, custmine.Table):
        customers = custmine.source.to_table(customers)
    lines, wrong = compare(name, customers, group)
    checked, problems = checked + lines, problems + wrong
print(f"profiles beside scipy and statsmodels: {checked} lines of {len(tables)} tables, {problems} differ")
sys.exit(problems > 0)
