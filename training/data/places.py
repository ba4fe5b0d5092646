"""Where things lie: this folder, the project around it, what runs write, and material that is not part of the project."""

import os
from pathlib import Path

TRAINING = Path(__file__).resolve().parents[1]
PROJECT = TRAINING.parent
RUNS = Path(os.environ.get('RUNS', TRAINING / 'runs')).resolve()
SOURCES = RUNS / 'sources'  # what data/sources fetches
NEIGHBOUR = PROJECT.parent / 'shared'  # recordings, timed speech and the evaluation pack, where somebody has them
SHARED = NEIGHBOUR if NEIGHBOUR.exists() else SOURCES
