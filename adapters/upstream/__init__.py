"""Outbound HTTP: one port, a pooled HTTP/1.1 client behind it, and httpx for proxies and HTTP/2."""
