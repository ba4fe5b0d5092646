"""Weights → a bundle (docs/bundle.md) and back; what a finished bundle says of speech; its dial, names and cards."""
