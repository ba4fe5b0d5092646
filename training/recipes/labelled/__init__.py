"""The encoder taught by speech whose times are known: the bundle that ships."""
