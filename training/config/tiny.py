"""Minutes on one core: the whole way in CI, and the fixture that both languages' tests load."""

from config import Settings
from model.encoder import EncoderConfig
from model.unit_lm import UnitLmConfig

settings = Settings(
    encoder=EncoderConfig(
        layers=2, width=32, heads=2, head_width=16, ffn_width=64, feature_width=32, chunk_tokens=8, window_tokens=16, delay_tokens=2
    ),
    centroids=8,
    merged=4,
    batch=8,
    crop_seconds=2.0,
    long_seconds=4.0,
    steps=60,
    lm=UnitLmConfig(layers=2, width=32, heads=2, head_width=16, ffn_width=64, window_units=16),
)
