"""Secrets on the command line.

Owns     ``reseal_secrets``.
Imports  the services of this app.
Promises a command parses, calls one service and prints.
"""
