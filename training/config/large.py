"""The encoder of `base` with the papers' larger language model (24 x 1024), for a CUDA GPU."""

from dataclasses import replace

from config.base import settings as base
from model.unit_lm import UnitLmConfig

settings = replace(base, lm=UnitLmConfig(layers=24, width=1024, heads=16, head_width=64, ffn_width=4096))
