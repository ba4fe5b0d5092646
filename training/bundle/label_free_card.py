"""What a bundle that was taught by no label says of itself: its training data, the cost of its stages, its model card."""

from __future__ import annotations

GAME = 'own licence of the game: free to distribute and modify, not to be sold alone'
FACTS = {  # corpus of data/untimed.py -> what it is, licence; a longer name falls back on what comes before its last hyphen
    'kathleen': ('kathleen (CMU ARCTIC prompts read by one woman, US English)', 'CC0-1.0'),
    'kerstin': ('kerstin (sentences read by one woman, German)', 'CC0-1.0'),
    'speechocean762': ('speechocean762 (SLR101; Zhang et al., Interspeech 2021)', 'free for commercial and non-commercial use, with credit'),
    'queen': ('Flight of the Amazon Queen, English', GAME),
    'queen-notext': ('Flight of the Amazon Queen, English, cut-scenes', GAME),
    'sky': ('Beneath a Steel Sky, English', GAME),
    'drascula-en': ('Drascula, English', GAME),
    'drascula-es': ('Drascula, Spanish', GAME),
    'fillets': ('Fish Fillets NG, Czech and Dutch', 'GPL-2'),
    'tuxpaint': ('Tux Paint stamps, nine languages', 'GPL-2'),
}


def facts_of(corpus: str) -> tuple[str, str]:
    name = corpus
    while name not in FACTS and '-' in name:
        name = name.rsplit('-', 1)[0]
    return FACTS.get(name, (corpus, 'unknown'))


def training_data(state: dict) -> list[dict]:
    """The manifest's trainingData from a checkpoint of sylboost: what the masked autoencoder heard."""
    rows: dict[tuple[str, str], float] = {}
    for corpus, hours in state['pretrained']['corpora'].items():
        rows[facts_of(corpus)] = rows.get(facts_of(corpus), 0.0) + hours
    return [{'name': title, 'hours': round(hours, 2), 'licence': licence} for (title, licence), hours in rows.items()]


def stages(state: dict) -> dict:
    """Steps and cost of each stage, for the manifest's metrics."""
    pretrained = state['pretrained']
    return {
        'steps': {'pretrain': pretrained['step'], 'sylboost': state['step']},
        'cost': {'pretrain': pretrained['cost'], 'sylboost': state['cost']},
        'segmentsFrom': state['labels'],
    }


def model_card(name: str, config: dict, about: dict) -> str:
    """README.md of the bundle."""
    e, u, m = config['encoder'], config['units'], about['metrics']
    data = ''.join(f'| {d["name"]} | {d["hours"]} | {d["licence"]} |\n' for d in about['trainingData'])
    dev = ''.join(f'| {n} | {s["f1_50ms"]:.3f} | {s["f1_20ms"]:.3f} |\n' for n, s in m['dev'].items())
    cost = ''.join(
        f'| {stage} | {m["steps"][stage]} | {c["core_hours"]:.2f} | {c["flop"]:.1e} | {c["speech_hours"]:.1f} |\n' for stage, c in m['cost'].items()
    )
    rates = ', '.join(f'{r["name"]} ({r["hz"]} Hz)' for r in config['boundaries']['rates'])
    return f"""# {name} {about['version']}

A streaming encoder of speech whose features are flat inside a syllable-like segment, taught by no label and no synthetic voice: masked autoencoder,
LossPred, SylBoost. {e['layers']} layers of width {e['width']}, chunks of {e['chunkTokens'] * 20} ms, outputs delayed by {e['delayTokens'] * 20} ms,
{u['centroids']} centroids merged into {u['merged']} units, rates {rates}. It has features only; speech is told from pauses by level.
Made by the recipe in `training/README.md`; the format is that of `docs/bundle.md`.

## Trained on
| speech | hours | licence |
| --- | --- | --- |
{data}
Segments of the last round from `{m['segmentsFrom']}`. No voice of the evaluation pack was trained on.

| stage | steps | core-hours | FLOP | hours of speech seen |
| --- | --- | --- | --- | --- |
{cost}
## Measured
Development split, int8, live, natural rate, no setting chosen by any label: F1 of all boundaries.

| set | 50 ms | 20 ms |
| --- | --- | --- |
{dev}
## Limits
Units say what was spoken only roughly; they are no transcript, and they were not built to hide or to reveal who speaks.
"""
