"""Teaching an imported network further, without labels (docs/import.md)."""
