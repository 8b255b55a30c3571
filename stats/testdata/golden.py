"""Writes golden.json, the figures that the tests of package stats compare with.

Made with scipy 1.17.1:
    python3 -m venv venv && venv/bin/pip install scipy==1.17.1
    venv/bin/python golden.py > golden.json
The Holm values are computed here from the definition, scipy has none.
"""
import json
import random

import numpy as np
import scipy
from scipy import stats

LEVEL = 0.95
random.seed(53)


def sample(n, mean, std):
    return [round(random.gauss(mean, std), 4) for _ in range(n)]


PAIRS = {
    "two": ([0.9689, 0.9662], [0.9640, 0.9625]),
    "three": (sample(3, 0.97, 0.002), sample(3, 0.96, 0.002)),
    "published accuracies": (
        [0.9689, 0.9662, 0.9699, 0.9675, 0.9688, 0.9669, 0.9683, 0.9676, 0.9702, 0.9639],
        [0.9640, 0.9625, 0.9640, 0.9655, 0.9617, 0.9610, 0.9604, 0.9629, 0.9637, 0.9629],
    ),
    "no difference": (sample(12, 5, 1), sample(12, 5, 1)),
    "far from zero": (sample(8, 1e6, 1), sample(8, 1e6 + 0.5, 1)),
    "very small p": (sample(40, 1, 0.01), sample(40, 0, 0.01)),
}
UNEQUAL = {
    "two and three": (sample(2, 1, 0.1), sample(3, 1.3, 0.4)),
    "ten and five": (sample(10, 0.97, 0.002), sample(5, 0.98, 0.001)),
    "one constant": ([2.0, 2.0, 2.0], sample(6, 2.1, 0.2)),
    "very small p": (sample(30, 0, 0.1), sample(50, 4, 0.3)),
}
P_VALUES = [[0.01, 0.04, 0.03, 0.005], [0.5], [0.2, 0.2, 0.2], [0.9, 0.8, 0.0001], []]


def one(x):
    low, high = stats.t.interval(LEVEL, len(x) - 1, np.mean(x), stats.sem(x))
    return {"x": x, "mean": np.mean(x), "population_std": np.std(x), "sample_std": np.std(x, ddof=1), "low": low, "high": high}


def paired(x, y):
    r = stats.ttest_rel(x, y)
    low, high = r.confidence_interval(LEVEL)
    d = np.array(x) - np.array(y)
    return {"x": x, "y": y, "mean": d.mean(), "std": d.std(ddof=1), "low": low, "high": high,
            "t": r.statistic, "df": r.df, "p": r.pvalue, "dz": d.mean() / d.std(ddof=1)}


def welch(x, y):
    r = stats.ttest_ind(x, y, equal_var=False)
    low, high = r.confidence_interval(LEVEL)
    return {"x": x, "y": y, "difference": np.mean(x) - np.mean(y), "low": low, "high": high,
            "t": r.statistic, "df": r.df, "p": r.pvalue}


def holm(p):
    order, adjusted, least = sorted(range(len(p)), key=p.__getitem__), [0.0] * len(p), 0.0
    for k, i in enumerate(order):
        least = max(least, min(1.0, (len(p) - k) * p[i]))
        adjusted[i] = least
    return {"p": p, "adjusted": adjusted}


print(json.dumps({
    "scipy": scipy.__version__,
    "level": LEVEL,
    "one": {name: one(x) for name, (x, _) in PAIRS.items()},
    "paired": {name: paired(*xy) for name, xy in PAIRS.items()},
    "welch": {name: welch(*xy) for name, xy in (PAIRS | UNEQUAL).items()},
    "holm": [holm(p) for p in P_VALUES],
    "quantiles": [{"df": df, "level": level, "t": stats.t.ppf((1 + level) / 2, df)}
                  for df in (1, 2, 3, 4, 9, 29, 100) for level in (0.5, 0.9, 0.95, 0.99)],
}, indent=1, default=float))
