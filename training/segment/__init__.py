"""Features → boundaries and segments; how well boundaries agree; cuts that need no network."""
