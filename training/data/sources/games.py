"""The recorded speech in the archives of three adventure games that Debian has: Flight of the Amazon Queen, Beneath a Steel Sky, Drascula."""

from __future__ import annotations

import struct
import wave
from collections.abc import Iterator
from pathlib import Path

RATE = 11_025  # 8 bits a sample, of Sky and Drascula
SKY_SPEECH = range(50_000, 59_000)  # numbers of the files that are speech; 59,000 and up are pictures
SKY_HEADER = 22  # bytes before a file's data
ALS_HEADER = 32


def write_wave(path: Path, data: bytes) -> None:
    with wave.open(str(path), 'wb') as file:
        file.setnchannels(1)
        file.setsampwidth(1)
        file.setframerate(RATE)
        file.writeframes(data)


class Bits:
    """Words of 16 bits, little-endian, the least significant bit first; literal bytes lie between the words."""

    def __init__(self, data: bytes, at: int):
        self.data, self.at = data, at
        self.kept, self.count = self._word(), 16

    def _word(self) -> int:
        low, high = self.data[self.at : self.at + 1], self.data[self.at + 1 : self.at + 2]
        return (low[0] if low else 0) | (high[0] << 8 if high else 0)

    def drop(self, bits: int) -> None:
        self.kept >>= bits
        self.count -= bits
        if self.count < 16:
            self.at += 2
            self.kept |= self._word() << self.count
            self.count += 16

    def take(self, bits: int) -> int:
        value = self.kept & ((1 << bits) - 1)
        self.drop(bits)
        return value

    def literal(self, count: int) -> bytes:
        out = self.data[self.at : self.at + count]
        self.at += count
        self.count -= 16
        self.kept = (self.kept & ((1 << self.count) - 1)) | self._word() << self.count
        self.count += 16
        return out


class Code:
    """A Huffman code, read from its lengths; `value` reads one number by it."""

    def __init__(self, bits: Bits):
        lengths = [bits.take(4) for _ in range(bits.take(5))]
        self.table: dict[tuple[int, int], int] = {}
        code = 0
        for length in range(1, 16):
            for symbol, own in enumerate(lengths):
                if own == length:
                    self.table[length, int(format(code >> (16 - length), f'0{length}b')[::-1], 2)] = symbol
                    code += 1 << (16 - length)
        self.lengths = sorted({length for length, _ in self.table})

    def value(self, bits: Bits) -> int:
        for length in self.lengths:
            symbol = self.table.get((length, bits.kept & ((1 << length) - 1)))
            if symbol is not None:
                bits.drop(length)
                return symbol if symbol < 2 else (1 << (symbol - 1)) | bits.take(symbol - 1)
        raise ValueError('RNC: expected a code of the table')


def unpacked(data: bytes) -> bytes:
    """Rob Northen Compression, method 1. Raises ValueError for what is none, or broken."""
    if data[:4] != b'RNC\x01':
        raise ValueError(f'expected RNC method 1, got {data[:4]!r}')
    (size,) = struct.unpack('>I', data[4:8])
    bits, out = Bits(data, 18), bytearray()
    bits.take(2)
    for _ in range(data[17]):
        raw, distance, length = Code(bits), Code(bits), Code(bits)
        for left in range(max(1, bits.take(16)) - 1, -1, -1):
            if count := raw.value(bits):
                out += bits.literal(count)
            if left:
                back, count = distance.value(bits) + 1, length.value(bits) + 2
                if back > len(out):
                    raise ValueError('RNC: expected a place inside what is unpacked')
                for _ in range(count):
                    out.append(out[-back])
    if len(out) != size:
        raise ValueError(f'RNC: expected {size} bytes, got {len(out)}')
    return bytes(out)


def queen_entries(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Name and bytes of each member of queen.1c. Raises ValueError for another file."""
    if data[:4] != b'QTBL':
        raise ValueError(f'expected queen.1c, which begins with QTBL, got {data[:4]!r}')
    (count,) = struct.unpack('>H', data[13:15])
    for at in range(15, 15 + 21 * count, 21):
        offset, size = struct.unpack('>II', data[at + 13 : at + 21])
        yield data[at : at + 12].split(b'\0')[0].decode('latin1'), data[offset : offset + size]


def ending(sound: bytes) -> str:
    """What a sound's first bytes say that it is."""
    for ending, starts in (('ogg', (b'OggS',)), ('flac', (b'fLaC',)), ('mp3', (b'\xff', b'ID3'))):
        if sound.startswith(starts):
            return ending
    return 'sb'


def queen(game: Path, out: Path) -> int:
    """The sounds of queen.1c as they are; how many."""
    out.mkdir(parents=True, exist_ok=True)
    sounds = [(name, data) for name, data in queen_entries(game.read_bytes()) if name.endswith('.SB')]
    for name, data in sounds:
        (out / f'{name[:-3]}.{ending(data)}').write_bytes(data)
    return len(sounds)


def sky(folder: Path, out: Path) -> int:
    """The speech of sky.dnr and sky.dsk as waves; how many. A file that cannot be unpacked is left out."""
    out.mkdir(parents=True, exist_ok=True)
    index, data, found = (folder / 'sky.dnr').read_bytes(), (folder / 'sky.dsk').read_bytes(), 0
    (count,) = struct.unpack('<I', index[:4])
    for at in range(4, 4 + 8 * count, 8):
        number = int.from_bytes(index[at : at + 2], 'little')
        offset = int.from_bytes(index[at + 2 : at + 5], 'little')
        size = int.from_bytes(index[at + 5 : at + 8], 'little') & 0x3FFFFF
        if offset >> 23 & 1:
            offset = (offset & 0x7FFFFF) << 4
        if number not in SKY_SPEECH or size < 100:
            continue
        body = data[offset : offset + size][SKY_HEADER:]
        try:
            write_wave(out / f'sky{number}.wav', unpacked(body) if body[:4] == b'RNC\x01' else body)
            found += 1
        except (ValueError, IndexError):
            continue
    return found


def drascula(folder: Path, out: Path) -> int:
    """The *.ALS of a folder as waves; how many."""
    out.mkdir(parents=True, exist_ok=True)
    files = sorted(path for path in folder.rglob('*.ALS') if path.exists())
    for path in files:
        write_wave(out / f'{path.stem}.wav', path.read_bytes()[ALS_HEADER:])
    return len(files)
