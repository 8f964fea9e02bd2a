"""The legacy Completions wire format, older sister of Chat Completions: a prompt in, texts out."""
