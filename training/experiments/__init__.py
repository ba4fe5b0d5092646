"""What parts and settings are worth; nothing that ships depends on it."""
