"""Which arithmetic a device is quick at. Products of bfloat16 take ten times as long as float32's on a CPU without instructions for them."""

from __future__ import annotations

from functools import cache

import torch


@cache
def quick_bfloat16(device: str) -> bool:
    """Whether products of bfloat16 run in hardware; device: a type, 'cpu' or 'cuda'."""
    return device != 'cpu' or bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())


def mixed(device: str, wanted: bool) -> torch.autocast:
    """bfloat16 for the products inside, where it is wanted and quick."""
    return torch.autocast(device, torch.bfloat16, enabled=wanted and quick_bfloat16(device))
