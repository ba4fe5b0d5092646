"""Networks of the exact published shapes: as many numbers as those have, and a folder of one that is read."""

import numpy as np
import pytest

from bundle.imports import speech
from experiments.published_shapes import OWN, sizes_of, write

PARAMETERS = {'hubert': 94_370_944, 'wav2vec2': 94_370_944, 'wavlm': 94_381_168, 'data2vec-audio': 93_163_520}  # without the mask's vector


def test_shapes_are_the_published_ones():
    assert {kind: sum(int(np.prod(size)) for size in sizes_of(kind).values()) for kind in OWN} == PARAMETERS


@pytest.mark.parametrize('kind', OWN)
def test_a_folder_of_one_layer_is_read(kind, tmp_path, monkeypatch):
    monkeypatch.setattr('experiments.published_shapes.LAYERS', 1)
    write(kind, tmp_path)
    network = speech.read(kind, tmp_path, layer=1, normalise='auto')
    assert network.width == 768 and network.build(False).graph.output[0].name == 'features'
