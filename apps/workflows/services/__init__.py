"""What can be done to definitions: one verb, one file, one transaction.

Owns     every write to the tables of this app but the stored specs; what is done to
         automations and loops is apps.definitions'.
Imports  the models, selectors and specs of this app, identity, api, kernel.
Promises ``now`` is an argument, errors are those of the kernel, and a refused call
         leaves nothing behind.
"""
