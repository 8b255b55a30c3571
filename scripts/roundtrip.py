#!/usr/bin/env python3
"""Carries weights from PyTorch to bitnet and back, and compares the logits.

Needs torch and torchvision (Debian: python3-torch, python3-torchvision), and Go.

    python3 scripts/roundtrip.py [--keep DIR] [ARCHITECTURE ...]

For each architecture of torchvision it writes random weights as NAME.pth and
an input with its logits as NAME.io.pth; lets the test TestRoundTrip of package
weights load the first strictly, compare the logits and save the weights as
NAME.back.pth and NAME.back.safetensors; and loads both of these with
load_state_dict(strict=True) and compares the logits again.

    python3 scripts/roundtrip.py --golden weights/testdata/roundtrip

writes the small files that the tests keep.
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile

import numpy as np
import torch
import torchvision.models

SIZES = {"vit_b_32": 64}  # pixels; transformers are built for one size
TOLERANCE = 1e-4


def build(name, **options):
    if name.startswith("vit"):
        options["image_size"] = SIZES.get(name, 64)
    torch.manual_seed(len(name))
    model = getattr(torchvision.models, name)(weights=None, num_classes=10, **options)
    with torch.no_grad():
        for key, value in model.state_dict().items():  # initial values hide mistakes: ones, zeros, tiny scales
            if key.endswith("running_var"):
                value.uniform_(0.5, 1.5)
            elif key.endswith(("running_mean", "bias")):
                value.uniform_(-0.1, 0.1)
            elif key.endswith("layer_scale"):
                value.uniform_(0.5, 1)
            elif "heads.head" in key or "classifier" in key or "class_token" in key:
                value.uniform_(-0.1, 0.1)
    return model.eval()


def logits(model, x):
    with torch.no_grad():
        return model(x)


def write(folder, name, half=False, **options):
    model = build(name, **options)
    if half:
        model = model.half().float()  # values that half precision holds exactly
    x = torch.randn(2, 3, SIZES.get(name, 32 if half else 64), SIZES.get(name, 32 if half else 64))
    state = {k: v.half() if half and v.is_floating_point() else v for k, v in model.state_dict().items()}
    torch.save(state, os.path.join(folder, name + ".pth"))
    torch.save({"input": x, "logits": logits(model, x)}, os.path.join(folder, name + ".io.pth"))


def read_safetensors(path):
    with open(path, "rb") as f:
        header = json.loads(f.read(int.from_bytes(f.read(8), "little")))
        data = f.read()
    state = {}
    for name, t in header.items():
        if name != "__metadata__":
            begin, end = t["data_offsets"]
            state[name] = torch.from_numpy(np.frombuffer(data[begin:end], dtype="<f4").copy().reshape(t["shape"]))
    return state


def compare(folder, name):
    io = torch.load(os.path.join(folder, name + ".io.pth"))
    for suffix, read in ((".back.pth", torch.load), (".back.safetensors", read_safetensors)):
        model = build(name)
        model.load_state_dict(read(os.path.join(folder, name + suffix)), strict=True)
        error = (logits(model, io["input"]) - io["logits"]).abs().max().item()
        print(f"{name}{suffix}: loaded strictly by torchvision, logits differ by {error:.1e}")
        if not error <= TOLERANCE:
            sys.exit(f"{name}{suffix}: logits differ by {error}, want at most {TOLERANCE}")


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--keep", help="folder for the files (default: a temporary one)")
    p.add_argument("--golden", help="write the small files for the tests into this folder")
    p.add_argument("architectures", nargs="*")
    o = p.parse_args()
    if o.golden:
        os.makedirs(o.golden, exist_ok=True)
        write(o.golden, "mobilenet_v2", half=True, width_mult=0.25)
        return
    names = o.architectures or ["resnet18", "mobilenet_v3_small", "vit_b_32", "convnext_tiny"]
    with tempfile.TemporaryDirectory() as temporary:
        folder = os.path.abspath(o.keep or temporary)
        os.makedirs(folder, exist_ok=True)
        for name in names:
            write(folder, name)
        root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
        subprocess.run(["go", "test", "-count=1", "-v", "-run", "TestRoundTrip", "./weights"],
                       cwd=root, env={**os.environ, "BITNET_ROUNDTRIP_DIR": folder}, check=True)
        for name in names:
            compare(folder, name)


main()
