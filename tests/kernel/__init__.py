"""Ids, errors and the base of the admin pages."""
