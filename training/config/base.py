"""The papers' size (MAE-AST and HuBERT base: 12 x 768), for a CUDA GPU."""

from config import Settings
from model.encoder import EncoderConfig
from model.unit_lm import UnitLmConfig

settings = Settings(
    encoder=EncoderConfig(layers=12, width=768, heads=12, head_width=64, ffn_width=3072, feature_width=768),
    centroids=24576,
    merged=4096,
    batch=64,
    crop_seconds=8.0,
    steps=100_000,
    learning_rate=1e-3,
    lm=UnitLmConfig(layers=12, width=768, heads=12, head_width=64, ffn_width=3072),
)
