"""Deliveries: signed, retried, and never into our own network."""
