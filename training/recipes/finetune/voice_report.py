"""What recipes/finetune/voice.py measures, and how the model card says it."""

from __future__ import annotations

import numpy as np

from bundle.card import table

HEADING = '## Head: man or woman'
PACK = ('festival', 'asterisk-en', 'asterisk-fr')  # corpora whose voices have names


def shares(rows: list[dict], owner: np.ndarray, said: np.ndarray, by_recording: bool) -> dict[tuple[str, str, str], tuple[int, np.ndarray]]:
    """(corpus, label, speaker) -> how many windows or recordings, and the share of each label that was said of them. said: (n, labels)."""
    if by_recording:
        which = np.unique(owner)
        said = np.stack([said[owner == i].mean(0) for i in which])
    else:
        which = owner
    told, out = said.argmax(1), {}
    keys = [(rows[i]['corpus'], rows[i]['label'], rows[i]['speaker']) for i in which]
    for key in dict.fromkeys(keys):
        mine = told[[k == key for k in keys]]
        out[key] = len(mine), np.bincount(mine, minlength=said.shape[1]) / len(mine)
    return out


def balanced(labels: list[str], of: dict, corpus: str, draws: int = 2000) -> dict[str, float]:
    """Mean over the labels of the share that was right, speakers counting alike; its 95 % interval: a bootstrap over the speakers of each label."""
    rng, right = np.random.default_rng(0), []
    for k, label in enumerate(labels):
        each = np.array([share[k] for (c, named, _), (_, share) in of.items() if c == corpus and named == label])
        if not len(each):
            raise SystemExit(f'expected test recordings with speech of each label in {corpus}, got none of {label}')
        right.append((each.mean(), each[rng.integers(0, len(each), (draws, len(each)))].mean(1)))
    many = np.mean([d for _, d in right], 0)
    figures = {'balanced': np.mean([m for m, _ in right]), 'low': np.quantile(many, 0.025), 'high': np.quantile(many, 0.975)}
    return {name: round(float(v), 3) for name, v in (figures | dict(zip(labels, (m for m, _ in right), strict=True))).items()}


def measure(labels: list[str], rows: list[dict], owner: np.ndarray, said: np.ndarray) -> dict:
    """The figures of the held-out recordings: balanced accuracy, and for each group of speakers the share that was called each label."""
    recordings, windows = (shares(rows, owner, said, each) for each in (True, False))
    groups = {}
    for (corpus, label, who), (n, share) in recordings.items():
        name = f'{corpus}, {"children" if label == "child" else label}' + (
            f' ({who})' if corpus in ('festival', 'asterisk-en', 'asterisk-fr') else ''
        )
        groups.setdefault(name, []).append((n, share))
    return {
        'recordings': balanced(labels, recordings, 'speechocean762'),
        'windows': balanced(labels, windows, 'speechocean762'),
        'groups': {
            name: {'speakers': len(some), 'recordings': sum(n for n, _ in some)}
            | {label: round(float(np.mean([share[k] for _, share in some])), 3) for k, label in enumerate(labels)}
            for name, some in groups.items()
        },
    }


def card(labels: list[str], window_ms: int, metrics: dict) -> str:
    """The head's part of the model card."""
    cell = '{balanced:.3f} ({low:.3f} to {high:.3f})'.format_map
    of = {f'a {k[:-1]}, {precision}': metrics[precision][k] for precision in ('int8', 'fp32') for k in ('recordings', 'windows')}
    test = [[name, cell(m), *(f'{m[label]:.3f}' for label in labels)] for name, m in of.items()]
    crossed = metrics['crossed']
    test.append(['a recording, fp32, training speakers', cell(crossed), *(f'{crossed[label]:.3f}' for label in labels)])
    groups = metrics['int8']['groups'].items()
    rows = [[name, str(g['speakers']), str(g['recordings']), *(f'{g[label]:.3f}' for label in labels)] for name, g in groups]
    train, tested = metrics['train'], metrics['int8']['groups']
    few = ', '.join(f'{k} {tested[f"speechocean762, {k}"]["speakers"]}' for k in labels)
    return f"""{HEADING}

`head/` says of {window_ms // 1000} s of speech whether a man or a woman speaks (`sylstream classify`, `docs/head.md`): one linear layer on the
mean of the frozen features of the tokens that are speech. Made by `training/recipes/finetune/voice.py` of {train['recordings']} recordings,
{train['hours']} h, of
{train['speakers']} voices: grown-up speakers of speechocean762, and Kokoro's voices by their names' sex, mixtures of two with the same one
among them.

Measured live on the grown-up test speakers of speechocean762 in `training/data/splits.json`, whom neither encoder nor head was
trained on. Share that was right, speakers counting alike; balanced: the mean of both labels, with the 95 % interval of a bootstrap over
speakers; chance is 0.5. The test speakers are few ({few}), so the last row has {crossed['speakers']} more, whom the encoder was
trained on: in four parts, each heard by a head that learned from the rest. Expect that of speech like theirs, more of clear English, and
less of another language: see kerstin, who reads German.

{table(['of', 'balanced', *labels], test)}
What it says of recordings that did not train the head, in int8, by corpus (the voices of timed-speech, with the mixtures they are in, chose
settings of the encoder, and kathleen trained it):

{table(['whose', 'voices', 'recordings', *(f'called {label}' for label in labels)], rows)}
It knows two labels and no third: children are called one of them. A class for children was tried (speechocean762 has them) and left
out: a fifth to a quarter of the women's recordings were called a child's, and no other corpus has children to test it with. It hears
which grown-up voices a voice sounds like; who somebody is, or says to be, is not in the sound: decide nothing about a person by it.
Noise, telephone bands and several speakers at once were not measured; of other languages, one German woman (kerstin) and one French.
"""
