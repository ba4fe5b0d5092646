"""What an encoder of windows says of a recording: step by step as the runtime runs it, or in fewer windows with both sides of every token."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bundle.onnx_graph import session_of
from data.mel import TOKEN_SAMPLES

TAIL = 240  # samples of a window beyond its tokens' own: the last frame's window reaches so far
Run = Callable[[np.ndarray], np.ndarray]  # wave (N,) -> features (T, D), N = 320 T + 240


def runner(path: Path) -> Run:
    """A graph of windows (onnx/wave*.onnx)."""
    session = session_of(path)
    return lambda wave: session.run(None, {'wave': np.ascontiguousarray(wave[None], np.float32)})[0][0]


@dataclass(frozen=True)
class Steps:
    """How a bundle steps: new tokens, tokens before them that are heard again, tokens that have to come after one before it is taken."""

    chunk: int
    window: int
    delay: int


def tokens_in(wave: np.ndarray) -> int:
    """Tokens of a recording: whole pairs of frames whose 25 ms are there."""
    return max(0, (len(wave) - 400) // 160 + 1) // 2


def piece(wave: np.ndarray, first: int, end: int) -> np.ndarray:
    return wave[first * TOKEN_SAMPLES : end * TOKEN_SAMPLES + TAIL]


def live(run: Run, wave: np.ndarray, steps: Steps) -> np.ndarray:
    """(N,) -> (T, D), step by step: src/models/encoder/waveRunner.ts, and the flush at the end."""
    T, c, L = tokens_in(wave), steps.chunk, steps.delay
    parts = []
    for end in [*range(c, T + 1, c), T]:
        flush = end == T and len(parts) == T // c
        first = T // c * c if flush else end - c
        if flush and T == 0:
            break
        start = max(0, first - steps.window)
        rows = run(piece(wave, start, end))
        wanted = (max(0, first - L), end if flush else max(0, end - L))
        parts.append(rows[wanted[0] - start : wanted[1] - start])
    return np.concatenate(parts)


def spread(run: Run, wave: np.ndarray, steps: Steps) -> np.ndarray:
    """(N,) -> (T, D), in windows of the live length that overlap by half: of each the middle, which has heard both sides."""
    T, length = tokens_in(wave), steps.window + steps.chunk
    if length >= T:
        return run(piece(wave, 0, T))
    out, done = [], 0
    for start in [*range(0, T - length, max(1, length // 2)), T - length]:
        rows = run(piece(wave, start, start + length))
        end = T if start == T - length else start + length - length // 4
        out.append(rows[done - start : end - start])
        done = end
    return np.concatenate(out)


def steps_of(config: dict) -> Steps:
    e = config['encoder']
    return Steps(e['chunkTokens'], e['windowTokens'], e['delayTokens'])


def steps_in(window: float, hop: float, ahead: float, grid: int = 1) -> Steps:
    """Seconds -> tokens: the window is rounded up to whole hops. grid: tokens that hop and window are multiples of.

    Throws a ValueError for what cannot be stepped.
    """
    chunk, delay = round(hop * 50), round(ahead * 50)
    if chunk < 1 or chunk % grid:
        raise ValueError(f'--hop: expected a multiple of {0.02 * grid:g} s, got {hop}')
    if delay < 0:
        raise ValueError(f'--ahead: expected 0 s or more, got {ahead}')
    past = chunk * max(1, -(-round(window * 50 - chunk) // chunk))
    if past < delay:
        raise ValueError(f'--window: expected at least {(delay + chunk) / 50:g} s for this --hop and --ahead, got {window}')
    if past + chunk > 1500:
        raise ValueError(f'--window: expected at most 30 s, got {window}')
    return Steps(chunk, past, delay)


def about_delay(steps: Steps) -> str:
    """What people want to know of it."""
    c, L, W = (n / 50 for n in (steps.chunk, steps.delay, steps.window))
    earliest = L + 0.015
    return f'a step each {c:g} s hears {W + c:g} s; what it says of a moment is known {earliest:.3f} to {earliest + c:.3f} s after it'
