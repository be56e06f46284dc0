"""The formats of English pages.

Owns     ``formats``, whose names Django gives.
Imports  nothing.
Promises nothing beyond its parent.
"""
