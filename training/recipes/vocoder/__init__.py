"""The unit vocoder: from units and a voice to frames of a harmonic-plus-noise synthesis, learned by regression."""
