"""The arms: what differs from base differs, and nothing else."""

import numpy as np
import pytest
import torch

from data.batches import Utterance
from experiments.ablate import ARMS, SIZES, same_neighbour, settings_of, train
from experiments.parts import silent
from tests.helpers import run_apart


def bursts(speaker: str, seed: int) -> Utterance:
    """4 s of two alternating colours, 0.25 s each, without a pause."""
    rng = np.random.default_rng(seed)
    mel = rng.normal(-10, 0.5, (400, 128))
    times = np.arange(0.25, 3.6, 0.25)
    for k, t in enumerate(times):
        mel[int(t * 100) : int(t * 100) + 25, 10 + 50 * (k % 2) : 60 + 50 * (k % 2)] += 6
    syllables = np.stack([times, times + 0.25], 1)
    labels = ['ab'[k % 2] for k in range(len(times))]
    edges = np.append(times, times[-1] + 0.25)
    return Utterance(
        mel.astype(np.float16), 'kathleen', speaker, f'u{seed}', edges, np.zeros(0), syllables, times + 0.25, np.arange(len(times)) % 2, labels
    )


def test_an_arm_differs_in_one_thing():
    assert settings_of({}).encoder == SIZES
    assert settings_of(ARMS['delay-0']).encoder.delay_tokens == 0 and settings_of(ARMS['delay-0']).chunks == settings_of({}).chunks
    assert settings_of(ARMS['runtime-chunk-only']).chunks == ((8, 1.0),)
    assert all(len(arm) <= 1 for arm in ARMS.values())


def test_arms_are_repeatable_and_their_difference_counts():
    utterances = [bursts('a', 0), bursts('b', 1)]
    first, again, other = (train(arm, utterances, 3)[0] for arm in ({}, {}, {'crf': False}))
    assert all(torch.equal(x, y) for x, y in zip(first.parameters(), again.parameters(), strict=True))
    assert any(not torch.equal(x, y) for x, y in zip(first.parameters(), other.parameters(), strict=True))
    share = same_neighbour(first, {'kathleen': utterances}, (-10.0, 3.0))
    assert share > 0.9  # two colours, far apart


def test_an_unknown_arm_is_named(tmp_path):
    out = run_apart('experiments.ablate', '--run', tmp_path / 'run', '--data', tmp_path, '--arms', 'beta')
    assert out.returncode != 0 and '--arms: expected some of base, delay-0' in out.stderr and 'got beta' in out.stderr


def test_a_silent_output_is_nought():
    out = silent('boundary')({'boundary': np.ones(3), 'features': np.ones((3, 2))})
    assert not out['boundary'].any() and out['features'].all()


@pytest.mark.parametrize('name', list(ARMS))
def test_every_arm_has_a_name_that_is_no_corpus(name):
    assert not name.startswith(('no-k', 'no-s', 'no-t', 'only-'))
