"""`small` without a grid of chunks: causal attention over 64 tokens a layer, an embedding that hears 80 ms, everything known 120 ms later.

It learns on one grid of tokens and runs on two (recipes/labelled/quantize.py --phases 2); with half of `small`'s window it remembers as many bytes.
"""

from config import Settings
from model.encoder import EncoderConfig

settings = Settings(encoder=EncoderConfig(causal=True, stem_frames=8, delay_tokens=6, window_tokens=64), batch=8)
