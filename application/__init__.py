"""Use cases and ports; knows no HTTP, no JSON, no vendor."""
