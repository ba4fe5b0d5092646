"""Public recordings: where they come from, under which licence, and how they become a manifest of this folder."""
