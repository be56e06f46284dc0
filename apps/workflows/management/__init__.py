"""Commands for whoever runs the server.

Owns     the ``workflows`` command.
Imports  this app and below.
Promises a command reads its arguments, calls services and prints; no rule lives here.
"""
