"""LossPred: the cut is the cheapest one, losses go to the nearest visible token, every centre is asked once."""

import itertools
import json

import numpy as np
import pytest
import torch

from config import load_config
from data.batches import load_shards
from model.mae import MaeConfig, MaskedAutoencoder, draw_mask
from recipes.label_free.losspred import (
    Scorer,
    affinity_of,
    attribute,
    block_sums,
    boundaries_of,
    cut_cost,
    fill_rows,
    loss_matrix,
    min_cut,
    spans_hidden,
)
from tests.helpers import run


def plain_cost(affinity: np.ndarray, a: int, b: int, band: int) -> float:
    """The formula read aloud (papers: SyllableLM, appendix): the block itself against the four beside it."""
    low, high = max(0, a - band), min(len(affinity), b + band)
    inside = affinity[a:b, a:b].sum()
    cut = affinity[a:b, low:a].sum() + affinity[low:a, a:b].sum() + affinity[b:high, a:b].sum() + affinity[a:b, b:high].sum()
    return cut / (cut + inside + 1e-5)


@pytest.mark.parametrize('seed', range(12))
def test_the_cut_is_the_best_of_all(seed):
    rng = np.random.default_rng(seed)
    T, count, shortest, longest, band = 13, int(rng.integers(1, 5)), int(rng.integers(1, 4)), int(rng.integers(4, 9)), int(rng.integers(2, 14))
    first, last = int(rng.integers(0, 3)), T - int(rng.integers(0, 3))
    affinity = rng.random((T, T))
    options = []
    for inner in itertools.combinations(range(first + 1, last), count - 1):
        edges = [first, *inner, last]
        if all(shortest <= b - a <= longest for a, b in itertools.pairwise(edges)):
            options.append((sum(plain_cost(affinity, a, b, band) for a, b in itertools.pairwise(edges)), edges))
    found = min_cut(block_sums(affinity), first, last, count, shortest, longest, band)
    if options:
        assert found.tolist() == min(options)[1]
    else:
        assert len(found) == 0


def test_the_squared_error_counts_in_units_of_its_own_mean(recordings):
    torch.manual_seed(0)
    model = MaskedAutoencoder(load_config('tiny').encoder, MaeConfig()).eval()
    us = load_shards(recordings, timed=False)
    scales = {}
    for kind in ('mse', 'both'):
        scorer = Scorer(model, (-5.0, 4.0), kind, False)
        scorer.fit(us, 8, 1, 0)
        scales[kind] = scorer.scale
    assert scales['both'] == pytest.approx(scales['mse'])


def test_block_sums_give_the_cost_of_any_segment():
    affinity = np.random.default_rng(0).random((20, 20))
    for a, b, band in ((0, 5, 3), (4, 9, 28), (15, 20, 2)):
        assert cut_cost(block_sums(affinity), a, b, band) == pytest.approx(plain_cost(affinity, a, b, band))


@pytest.mark.parametrize(('tokens', 'span', 'spacing', 'stride'), [(40, 11, 30, 1), (40, 11, 24, 3), (7, 11, 33, 1)])
def test_every_centre_is_asked_once_and_spans_do_not_touch(tokens, span, spacing, stride):
    centres, hidden = spans_hidden(tokens, span, spacing, stride)
    asked = sorted(int(m) for some in centres for m in some)
    inside = [m for m in asked if 0 <= m < tokens]
    assert len(set(asked)) == len(asked) and (stride > 1 or inside == list(range(tokens)))
    for some, row in zip(centres, hidden, strict=True):
        assert (np.diff(some) == spacing).all()
        want = [any(abs(t - m) <= span // 2 for m in some) for t in range(tokens)]
        assert row.tolist() == want
    with pytest.raises(ValueError, match='more than the span'):
        spans_hidden(tokens, 11, 11, 1)


def test_losses_go_to_the_nearest_visible_token_of_their_side():
    T, span = 30, 5
    centres = np.arange(-2, T + 2)
    losses = np.array([[100 * m + c if abs(m - c) <= 2 else np.nan for c in range(T)] for m in centres], float)
    matrix = attribute(losses, centres, span)
    for r, c in ((10, 11), (10, 12), (10, 9), (10, 8), (10, 7)):
        m = r + 3 if c < r + 3 and c > r else r - 3
        assert matrix[r, c] == 100 * m + c, (r, c)
    assert np.isnan(matrix[10, 10]) and np.isnan(matrix[10, 13]) and np.isnan(matrix[10, 6])
    assert matrix[0, 1] == 301 and matrix[T - 1, T - 2] == 100 * (T - 4) + T - 2
    affinity = affinity_of(matrix / 1000)
    assert affinity[10, 10] < 1e-40 and affinity[10, 12] == pytest.approx(np.exp(-1.312))


def test_rows_between_strides_come_from_their_neighbours():
    T, span = 24, 7
    centres = np.arange(-3, T + 3, 2)
    losses = np.array([[m if abs(m - c) <= 3 else np.nan for c in range(T)] for m in centres], float)
    matrix = fill_rows(attribute(losses, centres, span), 2, span)
    whole = np.arange(-3, T + 3)
    dense = attribute(np.array([[m if abs(m - c) <= 3 else np.nan for c in range(T)] for m in whole], float), whole, span)
    there = ~np.isnan(matrix)
    assert (there[dense == dense]).mean() > 0.9
    assert np.nanmax(np.abs(matrix - dense)) <= 1


def test_planted_syllables_are_found_inside_sounding_stretches():
    T, edges = 80, [10, 22, 30, 45, 58, 70]
    matrix = np.full((T, T), 4.0)
    for a, b in itertools.pairwise(edges):
        matrix[a:b, a:b] = 0.3
    matrix[np.abs(np.subtract.outer(np.arange(T), np.arange(T))) > 27] = np.nan
    assert boundaries_of(matrix, [(10, 45), (45, 70)], 4.2, 3, 27) == edges
    assert boundaries_of(matrix, [(0, 3)], 6.25, 3, 27) == [0, 3]


@pytest.mark.parametrize('kind', ['nce', 'mse', 'both', 'cluster'])
def test_the_matrix_holds_the_networks_own_losses(kind):
    torch.manual_seed(0)
    model = MaskedAutoencoder(load_config('tiny').encoder, MaeConfig()).eval()
    scorer, x = Scorer(model, (0.0, 0.5), kind, False), torch.randn(120, 128)
    if kind == 'cluster':
        scorer.centroids, scorer.head = torch.randn(5, 32), torch.nn.Linear(32, 5)
    matrix = loss_matrix(scorer, x, 11, 33, 1)
    hidden = torch.zeros(1, 60, dtype=torch.bool)
    hidden[0, 15:26] = True  # the span around 20, alone: another pass than the one with three spans
    alone = scorer.losses(x, hidden)[0]
    assert alone.isnan().tolist() == (~hidden[0]).tolist()
    if kind in ('mse', 'cluster'):  # InfoNCE depends on the other hidden tokens too
        several = torch.zeros(1, 60, dtype=torch.bool)
        several[0, 15:26] = several[0, 48:59] = True
        got = scorer.losses(x, several)[0]
        np.testing.assert_allclose(matrix[14, 15:20], got[15:20], atol=1e-4)
        np.testing.assert_allclose(matrix[26, 20:26], got[20:26], atol=1e-4)
    band = np.abs(np.subtract.outer(np.arange(60), np.arange(60)))
    assert not np.isnan(matrix[(band > 0) & (band <= 5)]).any() and np.isnan(matrix[band > 6]).all() and np.isnan(np.diag(matrix)).all()


def test_patches_have_no_frames_to_score():
    with pytest.raises(ValueError, match='frame tokens'):
        Scorer(MaskedAutoencoder(load_config('tiny').encoder, MaeConfig('patch', 'chunked')), (0, 1), 'nce', False)


def test_the_command_cuts_recordings_and_goes_on(recordings, tmp_path):
    options = ('--run', tmp_path, '--data', recordings)
    run('recipes.label_free.pretrain', '--config', 'tiny', '--steps', 10, '--device', 'cpu', '--dev-every', 1000, *options)
    few = ('--spacing', 60, '--stride', 6, '--clusters', 6, '--head-steps', 8)
    for loss in ('both', 'cluster'):
        first = run('recipes.label_free.losspred', *options, *few, '--loss', loss, '--hours', 0.001)
        some = [json.loads(line) for line in (tmp_path / 'losspred.jsonl').open()]
        again = run('recipes.label_free.losspred', *options, *few, '--loss', loss, '--resume')
        rows = [json.loads(line) for line in (tmp_path / 'losspred.jsonl').open()]
        assert len(some) < len(rows) == 8 and rows[: len(some)] == some and ('nats' in first) == (loss == 'cluster') and 'nats' not in again
        for row in rows:
            edges = np.array(row['edges'])
            assert len(edges) > 2 and (np.diff(edges) > 0.05).all() and edges[0] >= 0 and edges[-1] <= 2.0


def test_hidden_spans_train_the_head_of_the_right_shape():
    hidden = draw_mask(MaeConfig(mask='span', ratio=0.4), np.random.default_rng(0), 8, 200)
    assert set(hidden.sum(1)) == {200 - 120}
