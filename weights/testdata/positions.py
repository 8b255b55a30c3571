"""Writes positions.json: embeddings of positions interpolated by torchvision.

Run: python3 positions.py   (needs torch and torchvision)
"""
import json
import os

import torch
from torchvision.models.vision_transformer import interpolate_embeddings

PATCH, D = 16, 3
cases = []
for source, target in ((3, 5), (4, 2), (2, 7), (14, 4), (3, 1)):
    torch.manual_seed(source)
    embedding = torch.randn(1, 1 + source * source, D)
    state = interpolate_embeddings(target * PATCH, PATCH, {"encoder.pos_embedding": embedding.clone()})
    cases.append({"from": embedding[0].flatten().tolist(), "to": state["encoder.pos_embedding"][0].flatten().tolist()})
here = os.path.dirname(os.path.abspath(__file__))
json.dump({"d": D, "cases": cases}, open(os.path.join(here, "positions.json"), "w"))
