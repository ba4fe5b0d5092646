"""Labelled clips → an encoder or a head for another task."""
