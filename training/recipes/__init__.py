"""Ways from data to a part of a bundle: one folder each."""
