"""`phones`: a Kneser-Ney model over the true phones of the training text, and what it makes of zero-shot items: what the text allows at all.

    python -m recipes.lm.phones --speech runs/lm/speech/train --items runs/lm/zeroshot/test --out runs/lm/phones.json

Writes item → mean log-probability of its phones, pauses left out. The text is that which was spoken and that which was simulated
(--limit as recipes/lm/simulate.py has it, 0 for none), a model of each mixed as ngram.tune does, on the development text.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable
from itertools import islice
from pathlib import Path

import numpy as np

from data.lexicon import BREAK, Lexicon
from data.places import RUNS
from data.voices.readings import passages
from model.unit_lm import PAUSE, item_scores, stream
from recipes.lm.ngram import tune

ALPHABET = (
    'aa ae ah ao aw ax axr ay b ch d dh eh er ey f g hh ih iy jh k l m n ng ow oy p r s sh t th uh uw v w y z zh'.split()
)  # flite's phones; id k + 1, the pause 0, the boundary last
IDS = {p: k + 1 for k, p in enumerate(ALPHABET)} | {BREAK: PAUSE}
VOCABULARY = len(ALPHABET) + 2


def phone_stream(phones: Iterable[str]) -> np.ndarray:
    """Phones and pauses → the ids of a stream."""
    return np.array(stream(VOCABULARY - 1, [IDS[p] for p in phones]), np.int16)


def text_streams(texts: Iterable[str], lexicon: Lexicon) -> list[np.ndarray]:
    """The phones of each text, a pause at its start, its end and every mark."""
    return [phone_stream(p for s, _ in lexicon.syllables(text) for p in s.split()) for text in texts]


def main() -> None:
    runs = RUNS / 'lm'
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--speech', type=Path, nargs='+', default=[runs / 'speech/train'])
    parser.add_argument('--items', type=Path, required=True)
    parser.add_argument('--texts', type=Path, default=runs / 'texts.jsonl')
    parser.add_argument('--lexicon', type=Path, default=runs / 'lexicon.tsv')
    parser.add_argument('--order', type=int, default=6)
    parser.add_argument('--limit', type=int, help='passages of all the text')
    parser.add_argument('--out', type=Path, required=True)
    args = parser.parse_args()
    lexicon = Lexicon(args.lexicon)
    texts = [[json.loads(line)['text'] for folder in args.speech for line in (folder / 'manifest.jsonl').open(encoding='utf-8')]]
    texts.append([r['text'] for r in islice(passages(args.texts, 'train'), args.limit)])
    dev = [r['text'] for r in islice(passages(args.texts, 'dev'), 300)]
    rows = list(map(json.loads, (args.items / 'manifest.jsonl').open(encoding='utf-8')))
    lexicon.learn([*(t for part in texts for t in part), *dev, *(r['text'] for r in rows if 'said' not in r)])
    model, how = tune([text_streams(part, lexicon) for part in texts if part], text_streams(dev, lexicon), args.order, VOCABULARY, (1.0,))
    print(f'order {args.order}: {how}', flush=True)
    said = {r['id']: phone_stream(r['said'].split()) if 'said' in r else text_streams([r['text']], lexicon)[0] for r in rows}
    args.out.write_text(json.dumps({'how': how, 'scores': item_scores(model.log_probabilities, said)}) + '\n')


if __name__ == '__main__':
    main()
