"""The commands of the catalogue, one file each.

Owns     ``manage.py catalog``.
Imports  this app and below.
Promises nothing is read or written but the page.
"""
