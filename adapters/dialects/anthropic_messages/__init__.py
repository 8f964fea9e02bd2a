"""The Anthropic Messages wire format (https://platform.claude.com/docs/en/api/messages, 2026-11)."""
