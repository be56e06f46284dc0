"""Secrets of a project: named, versioned, encrypted at rest, never shown again.

Owns     Secret, SecretVersion, the cipher, the redaction of answers.
Imports  identity, api, kernel.
Promises a value that was written is read by the server alone, through
         ``read_values``; a version never changes, it is only disabled or destroyed.
"""
