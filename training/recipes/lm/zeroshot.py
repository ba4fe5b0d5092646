"""`zeroshot`: makes and speaks the items of the three zero-shot tests, in the manner of sWUGGY, sBLIMP and tStoryCloze.

    python -m recipes.lm.zeroshot --split test --out runs/lm/zeroshot/test
    python -m recipes.lm.zeroshot --split dev --out runs/lm/zeroshot/dev --voices kal --word-voices kal --words 1200 --grammar 60 --endings 400
    python -m bundle.units runs/lm/zeroshot/test

(a) recipes/lm/zeroshot_words.py, (b) recipes/lm/zeroshot_grammar.py, (c) recipes/lm/zeroshot_endings.py. Texts are disjoint from all training
text, voices never train,
each item is spoken whole, both sides of a pair by one voice. Settings are chosen on the development items: other words, other
sentences, other documents, another voice. Writes OUT/pairs.jsonl (test, kind, voice, cluster, right, wrong) and what data/voices/readings.py writes.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from data.places import RUNS
from data.splits import plain
from data.voices.piper import VOICES
from data.voices.readings import FESTIVAL, speak_all
from recipes.lm.zeroshot_endings import ending_items
from recipes.lm.zeroshot_grammar import grammar_items
from recipes.lm.zeroshot_words import LEAST_HEARD, heard, word_items


def training_sentences(texts: Path) -> set[str]:
    """Every training sentence, plain."""
    return {plain(s) for d in map(json.loads, texts.open(encoding='utf-8')) if d['split'] == 'train' for s in d['sentences']}


def main() -> None:
    runs = RUNS / 'lm'
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--split', choices=['dev', 'test'], required=True)
    parser.add_argument('--out', type=Path, required=True)
    parser.add_argument('--texts', type=Path, default=runs / 'texts.jsonl')
    parser.add_argument('--speech', type=Path, nargs='+', default=[runs / 'speech/train'], help='training speech, where words are counted')
    parser.add_argument('--voices', nargs='+', default=['ked', 'flite-slt'])
    parser.add_argument('--word-voices', nargs='+', default=['ked', 'slt-hts', 'joe'], help=f'for (a), of {", ".join([*FESTIVAL, *VOICES])}')
    parser.add_argument('--words', type=int, default=3000, help='pairs of (a)')
    parser.add_argument('--least', type=int, default=LEAST_HEARD, help='how often training must have heard a word of (a)')
    parser.add_argument('--grammar', type=int, default=340, help='pairs of (b) of each phenomenon')
    parser.add_argument('--endings', type=int, default=1600, help='pairs of (c)')
    args = parser.parse_args()
    known, seed = training_sentences(args.texts), {'dev': 1, 'test': 2}[args.split]
    made = {
        'ending': ending_items(args.texts, args.split, args.voices, args.endings, seed) if args.endings else ([], []),
        'grammar': grammar_items(args.grammar, known, args.voices, seed) if args.grammar else ([], []),
    }
    if args.words:
        counts = heard(folder / 'manifest.jsonl' for folder in args.speech)
        made['word'] = word_items(counts, args.split, args.word_voices, args.words, least=args.least, seed=seed)
    shared = {plain(r['text']) for rows, _ in made.values() for r in rows} & known
    if shared:
        raise SystemExit(f'expected no item among the training sentences, got {sorted(shared)[:3]}')
    args.out.mkdir(parents=True, exist_ok=True)
    path = args.out / 'pairs.jsonl'
    old = [p for p in map(json.loads, path.open(encoding='utf-8')) if p['test'] not in made] if path.exists() else []
    path.write_text(''.join(json.dumps(p) + '\n' for p in [*old, *(p for _, pairs in made.values() for p in pairs)]))
    for test, (rows, pairs) in made.items():
        print(f'{test}: {len(pairs)} pairs, {len(rows)} items', flush=True)
        speak_all(iter(rows), args.out)


if __name__ == '__main__':
    main()
