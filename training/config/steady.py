"""`small` without a grid of chunks: causal attention, an embedding that hears 80 ms, everything known 120 ms later."""

from config import Settings
from model.encoder import EncoderConfig

settings = Settings(encoder=EncoderConfig(causal=True, stem_frames=8, delay_tokens=6), batch=8)
