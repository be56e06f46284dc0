"""The engine, tested without Django, mocks or clocks.

Owns     stories by example, a walk of every reachable state, properties.
Imports  ``apps.engine``, pytest, hypothesis.
Promises every test is three values in and two values out.
"""
