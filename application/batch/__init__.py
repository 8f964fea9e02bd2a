"""Batches of requests, run through the same core as single calls."""
