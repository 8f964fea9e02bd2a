"""What a model can do, from data."""
