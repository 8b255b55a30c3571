"""Writes activation.json: the activation functions of torch.nn.functional and their gradients.

Run: python3 activation.py
Every figure is computed in float64 ("f64") and in float32 ("f32"). Each value is a tensor of its own, since the vector
and the scalar code of PyTorch 1.13 disagree at the kinks: hardswish has the gradient 1.5 at x = 3 in one, and 1 in the
other.
"""
import json
import math
import os

import torch
from torch.nn import functional

here = os.path.dirname(os.path.abspath(__file__))

FUNCTIONS = {
    "ReLU": functional.relu,
    "ReLU6": functional.relu6,
    "Sigmoid": torch.sigmoid,
    "Hardsigmoid": functional.hardsigmoid,
    "SiLU": functional.silu,
    "Hardswish": functional.hardswish,
    "GELU": functional.gelu,
}

# Kinks and their neighbours, then small, middling and large values.
KINKS = [0.0, 3.0, 6.0]
X = [k + d for k in KINKS for d in (-(2.0**-21), 0.0, 2.0**-21)]
X += [2.0**e for e in (-149, -126, -60, -20, -10, 40)]
X += [0.1 * 1.17**i for i in range(36)]
X = torch.tensor(sorted(X + [-x for x in X]), dtype=torch.float32)
DY = torch.tensor([math.cos(i) for i in range(len(X))], dtype=torch.float32)


def numbers(values):
    return [float(f"{v:.9g}") for v in values]


def run(f, dtype):
    y, dx = [], []
    for x, dy in zip(X.to(dtype), DY.to(dtype)):
        x = x.reshape(1).clone().requires_grad_()
        out = f(x)
        out.backward(dy.reshape(1))
        y.append(out.item())
        dx.append(x.grad.item())
    return {"y": numbers(y), "dx": numbers(dx)}


functions = {name: {"f64": run(f, torch.float64), "f32": run(f, torch.float32)} for name, f in FUNCTIONS.items()}
with open(os.path.join(here, "activation.json"), "w") as f:
    json.dump({"x": numbers(X.tolist()), "dy": numbers(DY.tolist()), "functions": functions}, f)
    f.write("\n")
