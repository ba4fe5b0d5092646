"""The encoder taught to say the same of the same speech, clean and changed."""
