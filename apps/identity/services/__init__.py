"""What can be done to access: one verb, one file, one transaction.

Owns     every write to the tables of this app but ``last_used_at``.
Imports  the models and grants of this app, api, kernel.
Promises ``now`` is an argument, errors are those of the kernel, and nobody passes
         on a permission that ``within`` does not hold.
"""
