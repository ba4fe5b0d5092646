"""What a teacher makes of the clean recording, for the student to make of the changed one.

Two teach, one after the other: first the bundle that the student began as, whole; then the running mean of the student's own weights, which hears
no more than the student does, but on two grids, and also says what each segment is called, sharpened, so that names do not sit on the fence.
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
def lesson(teacher: Encoder, batch: dict[str, Tensor], amp: bool, names: Prototypes | None = None) -> Lesson:
    """What `teacher` makes of batch['clean']; a causal one as it runs live, another with whole context. names: its, if it is to say them."""
    live = teacher.cfg.chunk_tokens if teacher.cfg.causal else None
    out, _ = run_batch(teacher, {'mel': batch['clean'], 'lengths': batch['lengths']}, live, 0, amp)
    features, _ = segment_means(out['features'], batch['clean_segment'], batch['classes'].shape[1])
    probability, _ = marginals(out['boundary'].clamp(-CLAMP, CLAMP).double().numpy(), batch['lengths'].numpy(), APART)
    said = None if names is None else (names.eval()(standardised(features).flatten(0, 1)) / SHARPEN).softmax(-1).view(*features.shape[:2], -1)
    early = (teacher.cfg.phases - 1) / 4  # tokens: the mean of a grid and one that is half a token earlier
    return Lesson(features, later(torch.from_numpy(probability).float(), batch['late'] + early), said)
