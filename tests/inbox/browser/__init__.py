"""The inbox in a real Chromium."""
