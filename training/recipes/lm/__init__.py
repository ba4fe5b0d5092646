"""The language model over units: its speech, its streams, its training, its tests."""
