"""Bounds of runs among each other."""

from typing import Final

#: How many runs may lead to another, each by starting the next or by its end.
DEPTH_MAX: Final = 16
