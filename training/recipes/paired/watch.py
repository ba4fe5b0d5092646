"""How much of a network's cuts and names stays when the same recording is changed: what a training watches (measure/stability.py measures
bundles)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch

from data.batches import Utterance
from data.changes.degrade import Change, cut
from data.mel import log_mel
from measure.same_word import edit_distance
from model.encoder import Encoder
from model.prototypes import Prototypes
from segment import segmenter
from stage.encode import encode_many

TONE = 1600  # samples of room tone before the speech, into which a cut falls


def toned(samples: np.ndarray) -> np.ndarray:
    """With quiet noise before it, -70 dB of full scale."""
    tone = np.random.default_rng(0).normal(0, 10 ** (-70 / 20), TONE).astype(np.float32)
    return np.concatenate([tone, samples])


CHANGES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    'cut 10': lambda x: cut(x, 10),
    'cut 30': lambda x: cut(x, 30),
    'cut 70': lambda x: cut(x, 70),
    'quiet': Change('gain', {'db': -35}),
    'telephone': Change('telephone', {'law': 'mu'}),
    'pink 20': Change('noise', {'snr_db': 20, 'seed': 1}),
    'pink 10': Change('noise', {'snr_db': 10, 'seed': 1}),
    'room': Change('room', {'rt60': 0.5, 'direct_db': 3, 'seed': 1}),
    'opus 16': Change('codec', {'name': 'opus', 'kbit': 16}),
}


@dataclass
class Watched:
    """Development recordings, clean and changed."""

    versions: dict[str, list[Utterance]]

    @classmethod
    def of(cls, dev: dict[str, list[Utterance]], each: int = 8) -> Watched:
        """Up to `each` recordings of every set that has samples."""
        some = [u for us in dev.values() for u in us[:each] if u.wave is not None]
        waves = [toned(u.wave.astype(np.float32) / 32768) for u in some]
        changes = {'clean': lambda x: x, **CHANGES}
        return cls({n: [replace(u, mel=log_mel(change(x)).numpy()) for u, x in zip(some, waves, strict=True)] for n, change in changes.items()})

    def scores(self, model: Encoder, names: Prototypes, rate: segmenter.Rate, rules: segmenter.Rules, mel: tuple[float, float]) -> str:
        """Edits over the units of the clean recordings, by the finest names, live context and full search; %."""
        said = {}
        for name, us in self.versions.items():
            said[name] = []
            for o in encode_many(model, us, mel, model.cfg.chunk_tokens, False):
                cuts = segmenter.search(segmenter.costs(o['features'], rules), o['boundary'], rate, rules)
                vectors = segmenter.segment_vectors(o['features'], cuts, 1)[~segmenter.pauses(o['speech'], cuts)]
                with torch.no_grad():
                    said[name].append(names(torch.from_numpy(vectors.astype(np.float32))).argmax(1).numpy())
        total = sum(map(len, said['clean']))
        parts = [f'{n} {100 * sum(map(edit_distance, said["clean"], said[n])) / total:.1f}' for n in self.versions if n != 'clean']
        return f'edits of {total} units: ' + ', '.join(parts)
