"""What names become when the same speech is heard otherwise: by these, names are merged to units that stay."""

from __future__ import annotations

import numpy as np
import torch

from config import Settings
from data.pairs import Pairs
from model.encoder import Encoder
from model.prototypes import Prototypes
from stage.draws import draw
from stage.encode import run_batch
from stage.pooled import jittered_vectors


@torch.no_grad()
def confusions(model: Encoder, names: Prototypes, pairs: Pairs, settings: Settings, batches: int) -> np.ndarray:
    """(K, K): segments of `batches` drawn pairs by what they are called clean (rows) and changed (columns), each as probable as the network thinks.

    Cuts are those of the reference, a token off now and then on either side.
    """
    joint = np.zeros((len(names.prototypes), len(names.prototypes)))
    for step in range(batches):
        batch = draw(pairs, settings, step, 'cpu')
        asked, rng = torch.ones_like(batch['classes'], dtype=torch.bool), np.random.default_rng((pairs.seed, step, 4))
        said = []
        for mel, segment in (('clean', 'clean_segment'), ('mel', 'segment')):
            out, _ = run_batch(model, {'mel': batch[mel], 'lengths': batch['lengths']}, model.cfg.chunk_tokens, 0, False)
            vectors, places = jittered_vectors(out['features'], batch[segment], asked, rng)
            rows = torch.full((*asked.shape, len(joint)), 0.0)
            rows[places] = names(vectors).softmax(-1)
            said.append(rows.flatten(0, 1).double().numpy())
        joint += said[0].T @ said[1]
        if step % 50 == 0:
            print(f'{joint.sum():.0f} segments of {step + 1} of {batches} batches', flush=True)
    return joint
