"""Definitions: create, change, read, race, and the command."""
