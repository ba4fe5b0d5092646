"""Keys and values of many streams, in one array that never leaves the device they are used on."""

import numpy as np


class Arena:
    """`[slots, 2·L, W + c, V]` float32, planes as keys and values of layer after layer; token τ lies in row τ mod (W + c).

    The c spare rows are where a chunk's new rows go: what a step reads is never what it writes. `xp` is the array module of
    the device: numpy, or cupy on a GPU.
    """

    def __init__(self, xp, slots, layers, window, chunk, width):
        self.xp, self.window, self.chunk = xp, window, chunk
        self.rows = window + chunk
        self.planes = xp.arange(2 * layers)
        self.memory = xp.zeros((slots, 2 * layers, self.rows, width), xp.float32)

    def read_order(self, first):
        """The rows that a chunk may see, in ring order: all but its own. `first` `[B]` → `[B, W]`."""
        own = (first % self.rows)[:, None]
        row = np.arange(self.window)[None]
        return np.where(row < own, row, row + self.chunk)

    def ages(self, first, known):
        """How many tokens before the chunk each of those rows lies, 1 to W; 0 where it holds nothing. `[B, W]` float32."""
        age = (first[:, None] - self.read_order(first)) % self.rows
        return np.where(age <= known[:, None], age, 0).astype(np.float32)

    def gather(self, slots, first):
        """`[2·L, B, W, V]`: each plane is one contiguous tensor of the batch."""
        xp = self.xp
        rows = xp.asarray(self.read_order(first))
        return self.memory[xp.asarray(slots)[None, :, None], self.planes[:, None, None], rows[None]]

    def scatter(self, slots, first, present):
        """Writes the new rows `[B, 2·L, c, V]` of these slots."""
        xp = self.xp
        rows = xp.asarray((first % self.rows)[:, None] + np.arange(self.chunk)[None])
        self.memory[xp.asarray(slots)[:, None, None], self.planes[None, :, None], rows[:, None]] = present
