"""Definitions: workflows and their immutable versions.

Owns     Workflow, WorkflowVersion, the ``workflows`` command.
Imports  jobs and everything below, and the engine's parser.
Promises a stored spec has passed every check; a version never changes.
"""
