"""Secrets: written, versioned, resolved by the server, never shown."""
