"""What can be done to groups: one verb, one file, one transaction.

Owns     every write to groups and their memberships.
Imports  the models and selectors of this app, identity, api, kernel.
Promises ``now`` is an argument, errors are those of the kernel, and questions that
         were asked before a change keep the members they asked.
"""
