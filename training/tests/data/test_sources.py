"""Public recordings become a manifest: from a repository and an archive of the published layout, in part, again, and with nothing in them."""

import io
import json
import tarfile
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile

from data.sources.fetch import SOURCES_OF_SPEECH
from data.sources.manifest import add, recording_id
from tests.helpers import repository, run

TONE = 0.3 * np.sin(np.arange(48_000) * 0.05)


def wav(rate: int = 48_000) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, np.stack([TONE, TONE], 1), rate, format='WAV', subtype='PCM_16')
    return file.getvalue()


def rows_of(out: Path) -> list[dict]:
    return [json.loads(line) for line in (out / 'speech/manifest.jsonl').open(encoding='utf-8')]


@pytest.fixture
def kathleen(tmp_path) -> str:
    names = ('arctic_a0001_1', 'arctic_a0002_2', 'arctic_b0001_3')
    sounds = {f'data/{name}.wav': wav() for name in names}
    return repository(tmp_path / 'kathleen', sounds | {f'data/{name}.txt': f'Text of {name}.\n'.encode() for name in names} | {'LICENSE': b'CC0 1.0'})


def test_a_part_of_a_repository_is_checked_out_and_listed(kathleen, tmp_path):
    out = tmp_path / 'out'
    assert 'CC0-1.0' in run('data.sources.fetch', 'kathleen', '--only', 'arctic_a', '--url', kathleen, '--out', out)
    assert [(r['id'], r['text'], r['corpus']) for r in rows_of(out)] == [
        ('arctic_a0001_1', 'Text of arctic_a0001_1.', 'kathleen'), ('arctic_a0002_2', 'Text of arctic_a0002_2.', 'kathleen')
    ]  # fmt: skip
    assert sorted(p.name for p in (out / 'speech/kathleen/data').glob('*.wav')) == ['arctic_a0001_1.wav', 'arctic_a0002_2.wav']
    assert soundfile.info(out / 'speech' / rows_of(out)[0]['path']).samplerate == 48_000


def test_more_of_it_is_fetched_into_the_same_folder(kathleen, tmp_path):
    out = tmp_path / 'out'
    run('data.sources.fetch', 'kathleen', '--only', 'arctic_a', '--url', kathleen, '--out', out)
    run('data.sources.fetch', 'kathleen', '--url', kathleen, '--out', out)
    assert len(rows_of(out)) == 3


def test_nothing_that_matches_is_said(kathleen, tmp_path):
    with pytest.raises(ValueError, match='kathleen: expected recordings under'):
        run('data.sources.fetch', 'kathleen', '--only', 'arctic_c', '--url', kathleen, '--out', tmp_path / 'out')


def webm() -> bytes:
    file = io.BytesIO()
    with av.open(file, 'w', format='webm') as out:
        stream = out.add_stream('libopus', rate=48_000, layout='mono')
        frame = av.AudioFrame.from_ndarray(TONE[None].astype(np.float32), 'flt', 'mono')
        frame.sample_rate = 48_000
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            out.mux(packet)
    return file.getvalue()


def test_webm_becomes_flac(tmp_path):
    url = repository(tmp_path / 'kerstin', {'audio/de-1.webm': webm(), 'metadata.csv': b'de-1|Guten "Tag"\n', 'README.md': b'CC0'})
    run('data.sources.fetch', 'kerstin', '--url', url, '--out', tmp_path / 'out')
    (row,) = rows_of(tmp_path / 'out')
    assert (row['text'], row['lang']) == ('Guten "Tag"', 'de')
    sound, rate = soundfile.read(tmp_path / 'out/speech' / row['path'])
    assert rate == 16_000 and abs(len(sound) - 16_000) < 1000 and abs(sound).max() == pytest.approx(0.3, abs=0.1)


def test_an_archive_of_speechocean762_is_read(tmp_path):
    tables = {'text': 'WE CALL IT BEAR', 'utt2spk': '0001', 'spk2age': '6', 'spk2gender': 'm'}
    archive = tmp_path / 'x.tar.gz'
    with tarfile.open(archive, 'w:gz') as file:
        for half, uid, who in (('train', '000010011', '0001'), ('test', '000030012', '0003')):
            texts = {f'{half}/{n}': f'{who if n.startswith("spk") else uid}\t{who if n == "utt2spk" else v}\n'.encode() for n, v in tables.items()}
            for name, data in (texts | {f'WAVE/SPEAKER{who}/{uid}.WAV': wav(16_000)}).items():
                info = tarfile.TarInfo(f'speechocean762/{name}')
                info.size = len(data)
                file.addfile(info, io.BytesIO(data))
    run('data.sources.fetch', 'speechocean762', '--url', archive.as_uri(), '--out', tmp_path / 'out')
    first, second = rows_of(tmp_path / 'out')
    assert (first['speaker'], first['age'], first['gender'], first['text']) == ('so762-0001', 6, 'm', 'WE CALL IT BEAR')
    assert second['id'] == '000030012' and (tmp_path / 'out/speech' / second['path']).exists()


def test_a_corpus_replaces_its_own_rows_only(tmp_path):
    add(tmp_path, 'one', [{'corpus': 'one', 'id': 'a'}])
    add(tmp_path, 'two', [{'corpus': 'two', 'id': 'b'}])
    add(tmp_path, 'one', [{'corpus': 'one', 'id': 'c'}])
    assert [json.loads(line)['id'] for line in (tmp_path / 'manifest.jsonl').open()] == ['b', 'c']


def test_a_row_without_an_id_is_named_by_its_path():
    assert recording_id({'path': 'speechocean762/0001/000010011.opus'}) == '0001_000010011'
    assert recording_id({'path': 'x/y.wav', 'id': 'own'}) == 'own'


def test_every_source_names_its_licence_and_place():
    for source in SOURCES_OF_SPEECH.values():
        assert source.licence and source.url.startswith('https://') and callable(source.make)
    listed = run('data.sources.fetch', '--list')
    assert all(name in listed and source.licence in listed for name, source in SOURCES_OF_SPEECH.items())


def test_unknown_names_and_one_address_for_two_are_refused(tmp_path):
    with pytest.raises(SystemExit, match='expected some of kathleen, kerstin, speechocean762, got nobody'):
        run('data.sources.fetch', 'nobody', '--out', tmp_path)
    with pytest.raises(SystemExit, match='expected one NAME'):
        run('data.sources.fetch', 'kathleen', 'kerstin', '--url', 'file:///x', '--out', tmp_path)
