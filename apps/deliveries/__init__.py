"""Messages that leave the house: HTTP callbacks and mail.

Owns     Delivery, the signature, the guard against private addresses, the retries.
Imports  secrets, identity, realtime, api, kernel.
Promises what was enqueued in a committed transaction is sent at least once, under one
         delivery id, signed or not at all, and never to an address that is not public
         unless the operator allowed it; or it ends as failed, with the reason.
"""
