"""Writes the golden files with PyTorch, those of the version that runs it.

    python3 golden.py    # 1.13 (Debian 12's python3-torch) and 2.8.0 were used
"""

import re
from collections import OrderedDict

import torch
from torch import nn

version = re.match(r"\d+\.\d+", torch.__version__).group()


def count(*shape):
    """The numbers from 0 on."""
    return torch.arange(torch.Size(shape).numel(), dtype=torch.float32).reshape(shape)


weight = nn.Parameter(count(2, 1, 2, 2) / 4)
shared = count(8)
state = OrderedDict(
    [
        ("conv.weight", weight),
        ("conv.bias", nn.Parameter(torch.tensor([-0.0, 1e-45]), requires_grad=False)),
        ("conv.tied", weight),
        ("bn.num_batches_tracked", torch.tensor(53)),
        ("mask", torch.tensor([True, False])),
        ("f16", torch.tensor([1, -2, 65504, 2**-24], dtype=torch.float16)),
        ("bf16", torch.tensor([1, -2, 2**-130, 255 * 2.0**120], dtype=torch.bfloat16)),
        ("f64", torch.tensor([1 / 3, 1 + 2**-24], dtype=torch.float64)),
        ("scalar", torch.tensor(7.0)),
        ("empty", torch.zeros(0, 3)),
        ("transposed", count(2, 3).t()),
        ("transposed.f16", count(2, 3).half().t()),
        ("channels_last", count(2, 3, 2, 4).to(memory_format=torch.channels_last)),
        ("every_other", count(10)[1::2]),
        ("column", count(3, 4)[:, 1]),
        ("head", shared[:3]),
        ("tail", shared[3:].reshape(5, 1)),
    ]
)
state._metadata = OrderedDict([("", {"version": 1}), ("conv", {"version": 1}), ("bn", {"version": 2})])
torch.save(state, f"state_dict_{version}.pth")

# A step of Adam, so that its state has tensors.
model = nn.Linear(3, 2)
with torch.no_grad():
    model.weight.copy_(count(2, 3))
    model.bias.copy_(count(2))
saved = OrderedDict((name, tensor.clone()) for name, tensor in model.state_dict().items())
optimizer = torch.optim.Adam(model.parameters())
model(count(1, 3)).sum().backward()
optimizer.step()
torch.save(
    {
        "epoch": 3,
        "arch": "linear",
        "seed": 2**70,
        "learning_rate": 0.001,
        "best_acc1": torch.tensor(71.5),
        "history": [[0, 2.5], [1, -70000], [2, None]],
        "done": (True, False, 2**40, 300),
        "state_dict": saved,
        "optimizer": optimizer.state_dict(),
    },
    f"checkpoint_{version}.pth",
)

torch.save(saved, f"protocol5_{version}.pth", pickle_protocol=5)
torch.save(saved, "legacy.pth", _use_new_zipfile_serialization=False)
