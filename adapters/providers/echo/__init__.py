"""Answers without any upstream."""
