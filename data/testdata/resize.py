"""Writes resize.json, images as Pillow resizes them.

Made with Pillow 12.3.0:
    python3 -m venv venv && venv/bin/pip install pillow==12.3.0
    venv/bin/python resize.py > resize.json
9.4 gives the same. Pillow 13 takes the columns first in some images that are not square.
Where torchvision can be imported too, its Resize is checked to give the same.
"""
import base64
import hashlib
import json
import random

import PIL
from PIL import Image

try:
    from torchvision.transforms import Resize
except ImportError:
    Resize = None

LARGEST = 4096  # bytes of a result that is kept whole; of a larger one, its SHA-256
random.seed(53)


def case(height, width, channels, size):
    # Half of the bytes are black or white: the largest steps, and both ends of the range.
    pixels = bytes(random.choice((0, 255, random.randrange(256), random.randrange(256)))
                   for _ in range(height * width * channels))
    image = Image.frombytes("L" if channels == 1 else "RGB", (width, height), pixels)
    resized = image.resize((size, size), Image.BILINEAR).tobytes()
    if Resize:
        assert Resize((size, size))(image).tobytes() == resized
    out = {"resized": base64.b64encode(resized).decode()}
    if len(resized) > LARGEST:
        out = {"sha256": hashlib.sha256(resized).hexdigest()}
    return {"height": height, "width": width, "channels": channels, "size": size,
            "pixels": base64.b64encode(pixels).decode()} | out


CASES = [
    # growing
    (28, 28, 1, 32), (28, 28, 1, 224), (32, 32, 3, 33), (32, 32, 3, 224), (5, 7, 1, 19), (7, 5, 3, 16), (2, 3, 3, 29), (3, 2, 1, 64),
    # one row, column or pixel
    (1, 1, 1, 5), (1, 1, 3, 4), (1, 9, 1, 6), (9, 1, 3, 6), (1, 2, 1, 1),
    # shrinking
    (28, 28, 1, 14), (28, 28, 1, 27), (28, 28, 1, 5), (32, 32, 3, 16), (32, 32, 3, 13), (40, 24, 3, 7), (31, 30, 1, 1), (3, 300, 1, 2),
    # growing in one direction, shrinking in the other; the same size in one
    (12, 40, 1, 20), (40, 12, 3, 20), (16, 9, 1, 16), (9, 16, 3, 16), (10, 10, 1, 10),
]
print(json.dumps({"pillow": PIL.__version__, "cases": [case(*c) for c in CASES]}, indent=1))
