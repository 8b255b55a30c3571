"""Writes attention.json: attention and its gradients as torch.nn.MultiheadAttention computes them.

Run: python3 attention.py
All projections are the identity, so that what is left is the attention. Inputs come from fill.py of internal/parity.
Every figure is computed in float64 ("f64") and in float32 ("f32"), as in the golden files there.
"""
import json
import os
import sys

import torch
from torch import nn

here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(here, "..", "..", "internal", "parity", "testdata"))
import fill

# name, N, Tq, Tk, D, heads
CASES = [("self", 1, 17, 17, 12, 3), ("cross", 2, 5, 7, 8, 2), ("class_token", 2, 1, 9, 6, 3), ("more_than_a_strip", 1, 50, 3, 4, 1)]


def attention(name, n, tq, tk, d, heads, dtype):
    mha = nn.MultiheadAttention(d, heads, bias=False, batch_first=True).to(dtype)
    with torch.no_grad():
        mha.in_proj_weight.copy_(torch.eye(d).repeat(3, 1))
        mha.out_proj.weight.copy_(torch.eye(d))
    q, k, v = (fill.tensor(f"{name}.{x}", (n, t, d), 3**0.5).to(dtype).requires_grad_() for x, t in (("q", tq), ("k", tk), ("v", tk)))
    y, _ = mha(q, k, v)
    y.backward(fill.tensor(f"{name}.dy", (n, tq, d)).to(dtype))
    arrays = {"y": y, "dq": q.grad, "dk": k.grad, "dv": v.grad}
    return {key: [float(f"{x:.9g}") for x in a.detach().double().flatten().tolist()] for key, a in arrays.items()}


cases = [{"name": name, "n": n, "tq": tq, "tk": tk, "d": d, "heads": heads,
          "f64": attention(name, n, tq, tk, d, heads, torch.float64), "f32": attention(name, n, tq, tk, d, heads, torch.float32)}
         for name, n, tq, tk, d, heads in CASES]
with open(os.path.join(here, "attention.json"), "w") as f:
    json.dump(cases, f)
    f.write("\n")
