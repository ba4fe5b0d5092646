"""`tiny` without a grid of chunks, in two phases, as `steady` may be: the fixture of that form."""

from dataclasses import replace

from config import Settings
from config.tiny import settings as tiny

settings: Settings = replace(tiny, encoder=replace(tiny.encoder, causal=True, stem_frames=6, delay_tokens=3, phases=2))
