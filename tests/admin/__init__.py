"""The browser pages: every model's, the first one, and the buttons.

Owns     a world in which a bit of everything has happened.
Imports  tests.support.
Promises every page opens on real rows, every button meets who may and who may not.
"""
