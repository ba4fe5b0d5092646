"""What a teacher makes of the clean recording, for the student to make of the changed one.

Two teach: the bundle that the student began as, whole, says where boundaries are; of features it speaks only at first. Then the running mean of the
student's own weights does, which hears no more than the student, but on two grids, and also says what each segment is called, sharpened, so that
names do not sit on the fence. (Its boundaries, taught to itself, drift: F1 fell by 0.015 over 3,000 steps.)
Letters: B rows, T tokens, S segments a row, D features, K syllables.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from model.crf import marginals
from model.encoder import Encoder
from model.prototypes import Prototypes
from stage.encode import run_batch
from stage.pooled import segment_means, standardised

CLAMP = 6.0  # of the teacher's boundary logits: the runtime's
APART = 3  # tokens between two boundaries: the segmenter's
SHARPEN = 0.35  # temperature of the teacher's names; of 1, names stay as undecided as they are


@dataclass(frozen=True)
class Lesson:
    """Mean features of each segment (B, S, D); the probability of a boundary before each of the student's tokens (B, T); names (B, S, K), or none."""

    features: Tensor
    boundary: Tensor
    names: Tensor | None = None


def later(probability: Tensor, by: Tensor) -> Tensor:
    """A probability of each token (B, T) -> on a grid that is `by` (B, T) tokens later, 0 to 2, between two tokens in proportion."""
    p, at = F.pad(probability, (0, 3)), torch.arange(probability.shape[1]) + by
    part = at - at.floor()
    return (1 - part) * p.gather(1, at.long()) + part * p.gather(1, at.long() + 1)


@torch.no_grad()
def lesson(teacher: Encoder, batch: dict[str, Tensor], amp: bool, own: Encoder | None = None, names: Prototypes | None = None) -> Lesson:
    """What the bundle's network makes of batch['clean'], with whole context; features and names are those of the student's mean, `own`, if given."""
    clean = {'mel': batch['clean'], 'lengths': batch['lengths']}
    out, _ = run_batch(teacher, clean, None, 0, amp)
    probability, _ = marginals(out['boundary'].clamp(-CLAMP, CLAMP).double().numpy(), batch['lengths'].numpy(), APART)
    boundary = later(torch.from_numpy(probability).float(), batch['late'])
    if own is not None:
        out, _ = run_batch(own, clean, own.cfg.chunk_tokens, 0, amp)
    features, _ = segment_means(out['features'], batch['clean_segment'], batch['classes'].shape[1])
    said = None if names is None else (names.eval()(standardised(features).flatten(0, 1)) / SHARPEN).softmax(-1).view(*features.shape[:2], -1)
    return Lesson(features, boundary, said)
