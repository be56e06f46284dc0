"""The command line: against a running system, and the tour of the README."""
