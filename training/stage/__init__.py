"""What every stage of a training does around its step."""
