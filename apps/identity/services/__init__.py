"""What can be done to access: one verb, one file, one transaction.

Owns     every write to the tables of this app but ``last_used_at``.
Imports  the models, selectors and the actor of this app, api, kernel.
Promises ``now`` and who acts (``by``) are arguments, errors are those of the kernel,
         and nobody passes on a permission that ``by`` does not hold.
"""
