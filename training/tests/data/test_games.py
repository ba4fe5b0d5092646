"""The games' archives: what is packed is unpacked, what is said belongs to its sound, and other files are refused."""

import struct
from pathlib import Path

import pytest
import soundfile

from data.sources.debian import as_16k, untold
from data.sources.games import ending, queen, queen_entries, unpacked
from data.sources.transcripts import dog_strings, fillets, spoken_pieces, tuxpaint
from data.sources.transcripts import queen as queen_rows


class Packer:
    """Writes what games.Bits reads: words of 16 bits with literal bytes between them."""

    def __init__(self):
        self.out, self.word, self.used, self.place = bytearray(), 0, 0, -1

    def bits(self, value: int, count: int) -> None:
        for k in range(count):
            if self.place < 0:
                self.place = len(self.out)
                self.out += b'\0\0'
            self.word |= (value >> k & 1) << self.used
            self.used += 1
            if self.used == 16:
                self.out[self.place : self.place + 2] = struct.pack('<H', self.word)
                self.word, self.used, self.place = 0, 0, len(self.out)
                self.out += b'\0\0'  # the reader has the next word already

    def end(self) -> bytes:
        self.out[self.place : self.place + 2] = struct.pack('<H', self.word)
        return bytes(self.out)

    def code(self, lengths: list[int]) -> None:
        self.bits(len(lengths), 5)
        for length in lengths:
            self.bits(length, 4)


def packed() -> bytes:
    """'abcabca' as three literal bytes and a copy of four from three back: codes of one symbol each, of one bit."""
    p = Packer()
    p.bits(0, 2)
    p.code([1, 0, 1])  # raw counts: 0 by bit 0, 2 and 3 (one more bit says which) by bit 1
    p.code([0, 0, 1])  # distances less one: 2 and 3
    p.code([0, 0, 1])  # lengths less two: 2 and 3
    p.bits(2, 16)
    p.bits(0b1, 1)
    p.bits(0b1, 1)
    p.out += b'abc'
    p.bits(0, 1)
    p.bits(0, 1)
    p.bits(0, 1)
    p.bits(0, 1)
    p.bits(0, 1)
    body = p.end()
    return b'RNC\x01' + struct.pack('>I', 7) + bytes(9) + b'\x01' + body


def test_what_is_packed_is_unpacked():
    assert unpacked(packed()) == b'abcabca'


@pytest.mark.parametrize(
    ('data', 'error'),
    [
        (b'RNC\x02' + bytes(20), 'expected RNC method 1'),
        (packed()[:4] + struct.pack('>I', 8) + packed()[8:], 'expected 8 bytes, got 7'),
    ],
)
def test_other_data_is_refused(data, error):
    with pytest.raises(ValueError, match=error):
        unpacked(data)


def dog() -> bytes:
    """A dialogue file: the hero says one string of two pieces, the other one string."""

    def string(number: int, text: bytes) -> bytes:
        return bytes(2) + struct.pack('>HB', number, len(text)) + text + bytes(-len(text) % 4)

    joe, person = string(3, b'Hello *xx there.'), string(10, b'Good day.')
    joe = joe if len(joe) % 4 else joe
    head = struct.pack('>hhhhh', 0, 0, 7, 1, 1) + bytes(12) + struct.pack('>H', 32 + len(joe))
    return bytes(20) + head + bytes(32 - len(head)) + joe + person


def archive(members: dict[str, bytes]) -> bytes:
    at, table, data = 15 + 21 * len(members), b'', b''
    for name, body in members.items():
        table += name.encode().ljust(12, b'\0') + b'\0' + struct.pack('>II', at + len(data), len(body))
        data += body
    return b'QTBL' + bytes(9) + struct.pack('>H', len(members)) + table + data


def test_a_sound_meets_its_text(tmp_path):
    names = (' 7   3J1.SB', ' 7   3J2.SB', ' 7   AP1.SB')
    game = tmp_path / 'queen.1c'
    game.write_bytes(archive({'A.DOG': dog()} | {name.replace(' ', '0'): b'\xff\xfbsound' for name in names}))
    assert [name for name, _ in queen_entries(game.read_bytes())][0] == 'A.DOG'
    assert queen(game, tmp_path / 'raw') == 3
    rows = {uid: (path.name, text) for uid, path, text in queen_rows(game, tmp_path / 'raw')}
    assert rows['070003J1'] == ('070003J1.mp3', 'Hello') and rows['070003J2'][1] == 'there.'


def test_another_file_is_no_game():
    with pytest.raises(ValueError, match='begins with QTBL'):
        list(queen_entries(b'RIFF1234'))


def test_texts_come_in_numbered_pieces():
    assert spoken_pieces('One *01two *XY1,(2,3)three*02') == [(1, 'One'), (2, 'two'), (3, 'three')]
    assert spoken_pieces('*01 *02 last') == [(3, 'last')]
    assert list(dog_strings(b'\0\0\0\x05\x02hi\0' + b'\0\0\0\x06\x01!', 0, 9)) == [(5, 'hi'), (6, '!')]


def test_endings():
    assert [ending(x) for x in (b'OggS..', b'fLaC', b'\xff\xfb', b'ID3', b'zz')] == ['ogg', 'flac', 'mp3', 'mp3', 'sb']


def touch(path: Path, text: str = '') -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding='utf-8')
    return path


def test_fish_fillets_and_tux_paint_say_what_is_said(tmp_path):
    touch(tmp_path / 'script/cave/dialogs_cs.lua', 'dialogId("a-1", "font", "Hello")\n  dialogStr("Ahoj \\"ty\\"")\ndialogId("a-2")\n')
    sound = touch(tmp_path / 'sound/cave/cs/a-1.ogg')
    touch(tmp_path / 'sound/cave/cs/a-2.ogg')
    assert fillets(tmp_path / 'script', tmp_path / 'sound', 'cs') == [('cave__a-1', sound, 'Ahoj "ty"')]
    touch(tmp_path / 'stamps/cat.txt', 'A cat.\nfr.utf8=Un chat.\n')
    spoken = [touch(tmp_path / f'stamps/cat_desc{lang}.ogg') for lang in ('', '_fr', '_de')]
    rows = tuxpaint(tmp_path / 'stamps')
    assert rows['en'] == [('cat_desc', spoken[0], 'A cat.')] and rows['fr'] == [('cat_desc_fr', spoken[1], 'Un chat.')] and 'de' not in rows


def test_sounds_become_16_khz_without_a_constant_part(tmp_path):
    soundfile.write(tmp_path / 'loud.wav', [[1.0, 0.5]] * 2000 + [[0.0, 0.0]] * 9025, 11_025)
    soundfile.write(tmp_path / 'short.wav', [0.1] * 100, 11_025)
    (tmp_path / 'no.wav').write_bytes(b'nothing')
    as_16k(untold(tmp_path), tmp_path / 'out')
    (line,) = (tmp_path / 'out/items.tsv').read_text().splitlines()
    assert line.split('\t')[::3] == ['loud', '1.000']
    samples, rate = soundfile.read(tmp_path / 'out/loud.wav')
    assert rate == 16_000 and abs(samples.mean()) < 0.01 and abs(samples).max() <= 0.99
