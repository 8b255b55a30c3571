"""Has PyTorch read written.pth, which TestWriteGolden compares with what Write writes.

    python3 check.py    # 1.13 (Debian 12's python3-torch) and 2.8.0 were used
"""

import torch

tensors = [
    ("fc.weight", torch.arange(6.0).reshape(2, 3) / 4),
    ("fc.bias", torch.tensor([-0.0, 3.4028234663852886e38])),
    ("scalar", torch.tensor(7.0)),
    ("empty", torch.zeros(0, 3)),
    ('a "name" \u00e9\u4e16\n', torch.arange(300.0).reshape(300, 1)),
]
ways = [{"weights_only": False}, {"weights_only": True}]
if torch.__version__ >= "2.1":
    ways.append({"weights_only": True, "mmap": True})
for how in ways:
    state = torch.load("written.pth", **how)
    assert [name for name, _ in tensors] == list(state)
    for name, want in tensors:
        got = state[name]
        assert got.dtype == want.dtype and got.shape == want.shape and got.stride() == want.stride(), name
        assert torch.equal(got.view(torch.int32), want.view(torch.int32)), name
    print(f"PyTorch {torch.__version__} reads written.pth with {how}")
