"""What can be done to automations and loops: one verb, one file, one transaction.

Owns     every write to definitions of these dialects and to their versions.
Imports  the rest of this app, the services of triggers, identity, api, kernel.
Promises ``now`` is an argument, errors are those of the kernel, and a refused call
         leaves nothing behind. The definition's row is the first lock.
"""
