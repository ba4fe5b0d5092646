"""What a finished bundle is worth."""
