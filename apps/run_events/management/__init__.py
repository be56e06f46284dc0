"""Commands for whoever works on the catalogue.

Owns     the ``catalog`` command.
Imports  this app and below.
Promises a command reads its arguments, calls services and prints; no rule lives here.
"""
