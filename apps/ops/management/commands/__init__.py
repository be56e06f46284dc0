"""Operations on the command line.

Owns     ``prune``.
Imports  this app, identity and the clock.
Promises a command parses, calls one service and prints.
"""
