"""The wire formats: pure code, used by the gateway's own routes and by its providers."""
