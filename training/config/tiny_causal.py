"""`tiny` without a grid of chunks, as `steady` is: the fixture of that form."""

from dataclasses import replace

from config import Settings
from config.tiny import settings as tiny

settings: Settings = replace(tiny, encoder=replace(tiny.encoder, causal=True, stem_frames=6, delay_tokens=3))
