"""OpenAI-compatible servers that differ from OpenAI only in data."""
