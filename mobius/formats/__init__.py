"""How the browser pages write instants, by language.

Owns     one module for each language, found by Django's ``FORMAT_MODULE_PATH``.
Imports  nothing.
Promises the same form everywhere: sortable, 24 hours, in UTC.
"""
