"""Synthesisers: text → speech, most of it with exact times."""
