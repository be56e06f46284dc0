"""A question to people, and their answer.

Owns     Interaction and its services.
Imports  jobs and everything below.
Promises an interaction is answered at most once, by whom it asks or by a service
         acting for them, and its answer reaches the run through a source event in
         the same transaction.
"""
