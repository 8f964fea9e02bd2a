"""Inbound HTTP: exchanges and their doors, handlers, blueprints, access, error bodies."""
