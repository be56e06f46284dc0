"""The commands of definitions, one file each.

Owns     ``manage.py workflows``.
Imports  this app and below.
Promises exit code 1 and no change when anything is wrong.
"""
