"""Composition root, server, command line, and the façade for scripts."""
