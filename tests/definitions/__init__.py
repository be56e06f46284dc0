"""Automations and loops: lives of definitions, versions, the triggers block."""
