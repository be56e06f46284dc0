"""Automations and loops: definitions with statuses, published versions and a triggers
block.

Owns     the rows of these dialects in the tables of ``workflows``; their endpoints.
Imports  triggers and everything below.
Promises at most one version is published and its block is what triggers there are;
         both change in one transaction, under the definition's row. Triggers go off
         only while the definition is active.
"""
