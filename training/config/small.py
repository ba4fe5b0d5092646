"""The published bundle: 4.3 M parameters, 2 CPU cores, about two hours."""

from config import Settings

settings = Settings()
