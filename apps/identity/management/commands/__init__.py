"""Access on the command line.

Owns     ``bootstrap`` and ``keys``.
Imports  this app and the clock.
Promises a command parses, calls one service and prints.
"""
