"""The canonical chat model that every dialect is parsed into and rendered from."""
