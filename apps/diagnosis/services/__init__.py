"""Diagnosing, one verb per file."""
