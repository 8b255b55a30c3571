"""PyTorch's throughput on the project's benchmark workloads, for side-by-side ratios.

Run: python3 peer.py [--seconds S] [--threads T] WORKLOAD...
A workload is MODE/ARCHITECTURE/SIZE/BATCH/RECIPE:
  train/resnet18/32/128/b158   forward, backward and Adam step on one in-memory batch (10 classes)
  eval/resnet18/32/128/b158    evaluation-mode forward, no gradients
Each prints one JSON line: {"workload", "images_per_second", "peak_mb", "threads", "engine"}, where peak_mb is the most
memory that the process has had so far, in 10^6 bytes.
`bitnet bench --json WORKLOAD...` prints these fields, and more, for this project.
Unset OPENBLAS_CORETYPE and OPENBLAS_L2_SIZE for this command, and use an OpenBLAS or MKL torch: a generic BLAS flatters us.
"""
import argparse
import json
import os
import resource
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "internal", "parity", "testdata"))
import torch
import torch.nn.functional as F
from torch import nn
from reference import swap


class Feedforward(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(784, 100), nn.Linear(100, n)

    def forward(self, x):
        return self.fc2(torch.relu(self.fc1(x.flatten(1))))


class LeNet(nn.Module):
    def __init__(self, n, channels, size):
        super().__init__()
        block = lambda i, o, p: nn.Sequential(nn.Conv2d(i, o, 5, padding=p, bias=False), nn.BatchNorm2d(o), nn.ReLU(), nn.AvgPool2d(2, 2))
        self.layer1, self.layer2 = block(channels, 6, 2), block(6, 16, 0)
        side = (size // 2 - 4) // 2
        self.fc, self.fc1, self.fc2 = nn.Linear(16 * side * side, 120), nn.Linear(120, 84), nn.Linear(84, n)

    def forward(self, x):
        x = self.layer2(self.layer1(x)).flatten(1)
        return self.fc2(torch.relu(self.fc1(torch.relu(self.fc(x)))))


def build(arch, size):
    if arch == "feedforward":
        return Feedforward(10), 1
    if arch == "lenet5":
        channels = 1 if size == 28 else 3
        return LeNet(10, channels, size), channels
    import torchvision.models as tv
    extra = {"image_size": size} if arch.startswith("vit") else {}
    return getattr(tv, arch)(weights=None, num_classes=10, **extra), 3


def measure(step, batch, seconds):
    for _ in range(2):
        step()
    best, spent = 0.0, 0.0
    while spent < seconds:  # the best of several slices: what the code can do when nobody else is on the machine
        n, start = 0, time.perf_counter()
        while n == 0 or time.perf_counter() - start < seconds / 5:
            step()
            n += 1
        took = time.perf_counter() - start
        best, spent = max(best, batch * n / took), spent + took
    return best


def peak_mb():
    unit = 1 if sys.platform == "darwin" else 1024  # of ru_maxrss, in bytes
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6, 1)


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--seconds", type=float, default=5)
    ap.add_argument("--threads", type=int, default=os.cpu_count())
    ap.add_argument("--compile", action="store_true", help="torch.compile the model (torch 2)")
    ap.add_argument("--channels-last", action="store_true")
    ap.add_argument("workloads", nargs="+")
    o = ap.parse_args()
    torch.set_num_threads(o.threads)
    for w in o.workloads:
        mode, arch, size, batch, recipe = w.split("/")
        size, batch = int(size), int(batch)
        torch.manual_seed(0)
        model, channels = build(arch, size)
        if recipe != "float":
            swap(model, recipe)
        x, y = torch.randn(batch, channels, size, size), torch.randint(0, 10, (batch,))
        if o.channels_last:
            model, x = model.to(memory_format=torch.channels_last), x.contiguous(memory_format=torch.channels_last)
        run = torch.compile(model) if o.compile else model
        if mode == "train":
            opt = torch.optim.Adam(model.parameters(), lr=1e-3)

            def step():
                opt.zero_grad()
                F.cross_entropy(run(x), y).backward()
                opt.step()
        else:
            model.eval()

            def step():
                with torch.no_grad():
                    run(x)
        print(json.dumps({"workload": w, "images_per_second": round(measure(step, batch, o.seconds), 2), "peak_mb": peak_mb(),
                          "threads": o.threads, "engine": "torch " + torch.__version__ + (" compile" if o.compile else "") + (" channels_last" if o.channels_last else "")}), flush=True)


main()
