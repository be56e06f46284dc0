"""Who changed what of the configuration, kept for good and so that tampering shows.

Owns     the audit records and the heads of their chains, and the function by which
         PostgreSQL writes them (migrations; what is watched: ``watched.py``).
Imports  identity, api, kernel. Nobody imports it: no service can forget it.
Promises every committed change of a watched table is one record, whoever made it and
         by whatever way; records are never changed, hold no secret, and each holds the
         hash of the one before.
"""
