"""Writes the golden files with the reference implementation.

    pip install safetensors==0.8.0 numpy==2.4.6 && python golden.py
"""

import numpy as np
from safetensors import TensorSpec, serialize_file
from safetensors.numpy import save_file

# Only F32 and one key of metadata: the reference then leaves no choice of
# order (it sorts by type and name), and the bytes must be the same as ours.
save_file(
    {
        "fc.weight": np.array([[1, -2, 0.5], [1 / 3, 1e-45, 3.4028235e38]], np.float32),
        "fc.bias": np.array([-0.0, np.inf], np.float32),
        "empty": np.zeros((0, 3), np.float32),
        'a "name" <&> \u00e9\u4e16\n': np.array(7, np.float32),
    },
    "float32.safetensors",
    metadata={"format": "pt <&>"},
)

halves = np.array([0, -0.0, 1, -2, 65504, 2**-14, 2**-24, 1023 * 2**-24, np.inf, -np.inf, np.nan], np.float16)
bfloats = np.array([0x0000, 0x8000, 0x3F80, 0xC000, 0x0001, 0x7F80, 0x7F7F, 0x7FC0], np.uint16)
arrays = {
    "f16": ("float16", halves),
    "bf16": ("bfloat16", bfloats),
    "f64": ("float64", np.array([1 / 3, 1 + 2**-24, 1e300, 1e-300])),
    "f32": ("float32", np.array([[1], [2]], np.float32)),
    "u8": ("uint8", np.array([1, 2, 255], np.uint8)),
    "i8": ("int8", np.array([-1], np.int8)),
    "i64": ("int64", np.array(53)),
    "bool": ("bool", np.array([True, False])),
}
serialize_file(
    {
        name: TensorSpec(dtype=dtype, shape=list(a.shape), data_ptr=a.ctypes.data, data_len=a.nbytes)
        for name, (dtype, a) in arrays.items()
    },
    "types.safetensors",
    metadata=None,
)
