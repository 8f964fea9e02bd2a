"""Batches: many requests that somebody waits for as a whole, not one by one."""
