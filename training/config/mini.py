"""A quarter of an hour an arm on one core: ablations, and trials of a whole recipe."""

from config import Settings
from model.encoder import EncoderConfig

settings = Settings(
    encoder=EncoderConfig(layers=4, width=128, heads=4, head_width=32, ffn_width=512, feature_width=128),
    centroids=256,
    merged=64,
    steps=1500,
    learning_rate=3e-3,
)
