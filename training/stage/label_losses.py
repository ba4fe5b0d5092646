"""What labels with times ask of the network."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from model.crf import boundary_loss


def label_losses(
    out: dict[str, Tensor], batch: dict[str, Tensor], mask: Tensor, crf: bool = True, soft: Tensor | None = None, share: float = 0.0
) -> dict[str, Tensor]:
    """The three losses, means over the tokens that are there. crf: model/crf.py's boundary loss in place of a cross-entropy a token; soft, share:
    its."""
    total = mask.sum()
    weight = batch['weight'] * mask
    if crf:
        boundary = boundary_loss(out['boundary'], batch['boundary'], weight, batch['lengths'], soft=soft, share=share)
    else:
        boundary = F.binary_cross_entropy_with_logits(out['boundary'], batch['boundary'], weight, reduction='sum') / total
    speech = F.binary_cross_entropy_with_logits(out['speech'], batch['speech'], mask, reduction='sum') / total
    target = torch.where(mask > 0, batch['phone'], -1)
    phone = F.cross_entropy(out['phones'].flatten(0, 1), target.flatten(), ignore_index=-1)
    return {'boundary': boundary, 'phone': phone, 'speech': speech}
