"""The dial: the mix, the fit, and what a bundle keeps when it is written anew."""

import json
import shutil

import numpy as np
import pytest

from bundle.card import merged_card
from bundle.config_json import rates_of, rules_of
from bundle.rebundle import update_bundle
from data.places import PROJECT
from measure.dial import NUMBERED, TOLERANCE, Cut, Voices, fit, lambda_for, mix_hz, report
from segment import segmenter

TINY = PROJECT / 'test/fixtures/tiny'


def talk(seconds_each: float, seed: int, count: int = 6) -> Cut:
    """Made-up outputs: syllables of about the given length with a logit at each edge, never a pause."""
    rng, outputs = np.random.default_rng(seed), []
    for _ in range(count):
        features, boundary = [], []
        while len(features) < 500:
            length = max(3, int(rng.normal(seconds_each * 50, 2)))
            boundary += [3.0] + [-3.0] * (length - 1)
            features += [rng.normal(size=8)] * length
        x = np.array(features) + rng.normal(0, 0.3, (len(features), 8))
        outputs.append({'features': x, 'boundary': np.array(boundary) + rng.normal(0, 2, len(x)), 'speech': np.ones(len(x))})
    return Cut(outputs, segmenter.Rules(), 8, 4)


@pytest.fixture(scope='module')
def corpora() -> dict[str, Voices]:
    slow, fast = talk(0.34, 0), talk(0.19, 1)
    return {'speechocean762': Voices(slow, ['a', 'b'] * 3), 'readers': Voices(fast, ['c'] * 6)}


def test_learners_weigh_as_much_as_all_readers(corpora):
    rate = segmenter.Rate('natural', 0, 0.75, 0.25)
    more = corpora | {'others': corpora['readers']}
    slow, fast = (corpora[n].cut.hz(rate) for n in corpora)
    assert mix_hz(corpora, rate) == pytest.approx((slow + fast) / 2) == mix_hz(more, rate)


def test_lambda_is_found_by_bisection():
    rate = lambda_for(4.0, segmenter.Rate('', 0, 1, 0, 0.1), lambda r: 5.0 - 0.1 * r.lam)
    assert rate.lam == pytest.approx(10, abs=0.01) and rate.name == '4.0' and rate.hz == 4.0 and rate.even == 0.1


def test_the_fit_brings_slow_and_fast_speakers_together(corpora):
    rates = fit(corpora, 0.75)
    assert [r.hz for r in rates] == list(NUMBERED) and rates[0].lam > rates[1].lam > rates[2].lam
    assert rates[0].even > 0
    for rate in rates:
        for voices in corpora.values():
            assert abs(voices.cut.hz(rate) / rate.hz - 1) <= TOLERANCE + 0.005


def test_the_report_pools_units_and_seconds(corpora):
    rate = segmenter.Rate('natural', 4.0, 0.75, 0.25)
    table = report(corpora, [rate], 256)
    rows = np.concatenate([v.cut.counts(rate) for v in corpora.values()])
    units, seconds = rows.sum(0)
    assert table['all']['natural']['hz'] == pytest.approx(units / seconds, abs=1e-4)
    assert table['all']['natural']['bits'] == pytest.approx(8 * units / seconds, abs=1e-4)
    assert table['speechocean762']['natural']['speakers'] == 2 and table['all']['natural']['speakers'] == 3
    assert table['readers']['natural']['low'] == table['readers']['natural']['high'] == pytest.approx(table['readers']['natural']['hz'], abs=1e-3)


def test_a_bundle_written_anew_keeps_what_it_does_not_know(tmp_path):
    folder = tmp_path / 'tiny'
    shutil.copytree(TINY, folder)
    (folder / 'README.md').write_text('# tiny\n\nx\n\n## Language model\nkept\n\n## Limits\nold\n')
    manifest = json.loads((folder / 'manifest.json').read_text())
    manifest['metrics'] = {'dev': {}, 'more': 1}
    (folder / 'manifest.json').write_text(json.dumps(manifest))
    config = json.loads((folder / 'config.json').read_text())
    config['boundaries']['rates'][1] |= {'lambda': 7.0, 'even': 0.1}
    update_bundle(folder, config, {'version': '9.9.9', 'metrics': {'test': {}}})
    now, card = json.loads((folder / 'manifest.json').read_text()), (folder / 'README.md').read_text()
    assert now['version'] == '9.9.9' and now['metrics']['more'] == 1 and 'test' in now['metrics']
    assert now['files']['config.json']['sha256'] != manifest['files']['config.json']['sha256']
    assert now['files']['golden/units.json'] == manifest['files']['golden/units.json']
    assert '# tiny 9.9.9' in card and card.index('## Language model\nkept') < card.index('## Limits') and 'old' not in card
    assert rates_of(json.loads((folder / 'config.json').read_text()))[1].even == 0.1 and rules_of(config).min_tokens == 3


def test_sections_of_two_cards_are_merged_in_order():
    assert merged_card('# a\n## X\n1\n## Limits\n2\n', '# b\n\n## Y\n3\n\n## Limits\n4\n') == '# b\n\n## Y\n3\n\n## X\n1\n\n## Limits\n4\n'
