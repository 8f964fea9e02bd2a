"""The configuration file: litellm's YAML in, validated immutable settings out, every mistake with its line."""
