"""Recordings, texts and voices → log-mel shards → crops and their labels."""
