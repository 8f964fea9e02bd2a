"""The Chat Completions wire format, of OpenAI and of the many servers that copy it."""
