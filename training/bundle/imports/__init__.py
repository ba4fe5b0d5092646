"""Published networks as encoders of a bundle: what each family has in its files, and its graph from the waveform on."""
