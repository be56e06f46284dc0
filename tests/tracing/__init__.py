"""Traces: what is connected, what is sent, and that nothing is while they are off."""
