#!/usr/bin/env python3
"""k-means beside scikit-learn from the same starting centroids: fifty random data sets, the same labels, inertia to 1e-10 relative;
criteria of the result to 1e-9. Usage: CUSTMINE_LIBRARY=... PYTHONPATH=bindings/python kmeans_sklearn.py"""
import sys

import numpy as np
from sklearn.cluster import KMeans
from sklearn.metrics import calinski_harabasz_score, davies_bouldin_score, silhouette_score

import custmine
from custmine.source import to_table


def frame(x):
    return {f"x{j}": list(map(float, x[:, j])) for j in range(x.shape[1])}


def data_set(random):
    n, d, k = int(random.integers(30, 1500)), int(random.integers(1, 24)), int(random.integers(2, 25))
    heaps = random.normal(size=(int(random.integers(1, 12)), d)) * random.uniform(0, 8)
    x = heaps[random.integers(0, len(heaps), n)] + random.normal(size=(n, d)) * random.uniform(0.2, 3, d)
    return x * 10.0 ** random.integers(-3, 4) + random.choice([0, 0, 1e4]), min(k, n // 4)


def compare(seed):
    random = np.random.default_rng(seed)
    x, k = data_set(random)
    start = x[random.choice(len(x), k, replace=False)]
    weights = random.integers(1, 5, len(x)).astype(float) if seed % 3 == 0 else None
    theirs = KMeans(k, init=start, n_init=1, max_iter=300, tol=0, algorithm="lloyd").fit(x, sample_weight=weights)
    source, more = frame(x), {}
    if weights is not None:
        source["weight"] = list(weights)
        more["weight"] = "weight"
    columns = [f"x{j}" for j in range(x.shape[1])]
    table = to_table(source)
    ours = custmine.fit("kmeans", table, columns=columns, centroids=to_table(frame(start)), tolerance=0, iterations=300, **more)
    diagnostics = ours.table("diagnostics").to_dicts()[0]
    labels = np.array(ours.apply(table)["segment"]) - 1
    # our segments go by size, theirs by the start
    names = {}
    for own, other in zip(labels, theirs.labels_):
        names.setdefault(own, other)
    same = np.array([names[own] for own in labels]) == theirs.labels_
    gap = abs(diagnostics["inertia"] - theirs.inertia_) / theirs.inertia_
    problems = []
    if not same.all() or len(set(names.values())) != len(names):
        problems.append(f"{(~same).sum()} labels differ")
    if not gap <= 1e-10:
        problems.append(f"inertia {diagnostics['inertia']!r}, not {theirs.inertia_!r}")
    if weights is None:
        for name, score in (("calinski_harabasz", calinski_harabasz_score), ("davies_bouldin", davies_bouldin_score),
                            ("silhouette", silhouette_score)):
            wanted = score(x - x.mean(axis=0), labels)  # theirs loses digits far from the origin
            if not abs(diagnostics[name] - wanted) <= 1e-9 * max(1, abs(wanted)):
                problems.append(f"{name} {diagnostics[name]!r}, not {wanted!r}")
    for problem in problems:
        print(f"seed {seed}, {len(x)} x {x.shape[1]}, k = {k}: {problem}")
    return not problems


bad = sum(not compare(seed) for seed in range(50))
print(f"k-means beside scikit-learn: {50 - bad} of 50 data sets agree")
sys.exit(bad > 0)
