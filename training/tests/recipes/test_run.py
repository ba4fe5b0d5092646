"""Each recipe is a run.sh of stages: what it calls is there and takes what it is given; and one goes the whole way, from a repository to a bundle."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import soundfile
import soxr

from data.places import PROJECT, TRAINING
from data.splits import named
from tests.helpers import repository

RECIPES = sorted(TRAINING.glob('recipes/*/*.sh'))
CALL = re.compile(r'(?:\bm|"\$python" -m) ([a-z_0-9]+(?:\.[a-z_0-9]+)+)((?:[^\n;|]|\\\n)*)')


def script(path: Path, *stages: str, **settings: str) -> subprocess.CompletedProcess:
    return subprocess.run(['bash', str(path), *stages], env=os.environ | {'PYTHON': sys.executable} | settings, capture_output=True, text=True)


def test_every_recipe_has_a_run():
    recipes = [folder for folder in TRAINING.glob('recipes/*/') if (folder / '__init__.py').exists()]
    assert [folder.name for folder in recipes if not (folder / 'run.sh').exists()] == []


@pytest.mark.parametrize('path', RECIPES, ids=lambda path: path.relative_to(TRAINING).as_posix())
def test_what_a_recipe_calls_is_there(path):
    for module, rest in CALL.findall(path.read_text()):
        file = TRAINING / f'{module.replace(".", "/")}.py'
        assert file.exists(), f'{module} is no module'
        text = file.read_text()
        places = [TRAINING / f'{name.replace(".", "/")}.py' for name in re.findall(r'^from ([\w.]+) import', text, re.MULTILINE)]
        known = text + ''.join(place.read_text() for place in places if place.exists())  # options that several modules share
        for option in re.findall(r'(?<![\w-])--[a-z][a-z-]*', rest):
            assert f"'{option}'" in known, f'{module} has no {option}'


@pytest.mark.parametrize('path', [p for p in RECIPES if 'stages.sh' in p.read_text()], ids=lambda path: path.relative_to(TRAINING).as_posix())
def test_a_stage_that_is_none_is_refused_before_anything_runs(path, tmp_path):
    said = script(path, 'nothing', TASK='x', RUNS=str(tmp_path))
    assert said.returncode == 2 and 'stage: expected some of ' in said.stderr and 'got nothing' in said.stderr
    stages = re.search(r'^ALL=\((.*)\)$', path.read_text(), re.MULTILINE)[1].split()
    assert f'stages: {" ".join(stages)}' in path.read_text(), 'the comment names the stages'
    assert all(re.search(rf'^{stage}\(\) ', path.read_text(), re.MULTILINE) for stage in stages)


TEXTS = (
    'The quick brown fox jumps over the lazy dog.',
    'She sells sea shells on the sandy shore.',
    'Better butter makes the batter better.',
    'A rolling stone gathers no moss at all.',
)


@pytest.fixture
def readings(tmp_path) -> str:
    """A repository as kathleen's is, read by flite: 14 prompts to train on, two of the development split, two of the test."""
    rule, files = named()['kathleen'], {'LICENSE': b'CC0 1.0'}
    held = rule['dev'][:2] + rule['test'][:2]
    others = [p for p in (f'arctic_a{n:04d}' for n in range(1, 60)) if p not in rule['dev'] + rule['test']][:14]
    for number, prompt in enumerate([*held, *others]):
        text, sound = TEXTS[number % 4], tmp_path / 'reading.wav'
        stretch = f'duration_stretch={1 + 0.02 * number:.2f}'
        subprocess.run(['flite', '-voice', 'rms', '--setf', stretch, '-o', str(sound), '-t', text], check=True, capture_output=True)
        samples, rate = soundfile.read(sound)
        soundfile.write(sound, soxr.resample(samples, rate, 48_000), 48_000, subtype='PCM_16')
        files |= {f'data/{prompt}_{number}.wav': sound.read_bytes(), f'data/{prompt}_{number}.txt': text.encode()}
    return repository(tmp_path / 'readings', files)


def test_a_stranger_gets_from_nothing_to_a_bundle(readings, tmp_path):
    if missing := [p for p in ('flite', 'git', 'node') if not shutil.which(p)]:
        pytest.skip(f'{", ".join(missing)} not installed')
    if subprocess.run(['/usr/bin/python3', '-c', 'import pocketsphinx'], capture_output=True).returncode:
        pytest.skip('/usr/bin/python3 has no pocketsphinx')
    built = (PROJECT / 'dist/src/cli/main.js').exists()
    small = {'CONFIG': 'tiny', 'STEPS': '12', 'SYLBOOST': '4', 'URL': readings, 'RUNS': str(tmp_path / 'runs')}
    stages = 'fetch shards timed sylboost quantize bundle'.split()  # what `measure` runs is run by ci.sh
    stages += ['verify'] if built else []
    said = script(TRAINING / 'recipes/labelled/cc0.sh', *stages, **small)
    assert said.returncode == 0, said.stdout + said.stderr
    assert '18 of 18 aligned' in said.stdout
    manifest = json.loads((tmp_path / 'runs/bundle/cc0/manifest.json').read_text())
    assert [(d['licence'], d['name'].split()[0]) for d in manifest['trainingData']] == [('CC0-1.0', 'kathleen')]
    assert manifest['metrics']['dev'].keys() == {'kathleen'}
    if not built:
        pytest.skip('the bundle was made, but the command line that verifies it is not built')
