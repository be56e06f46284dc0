"""What can be done to questions: one verb, one file, one transaction.

Owns     every write to the table of this app.
Imports  the models and selectors of this app, source_events, identity, api, kernel.
Promises ``now`` is an argument, errors are those of the kernel, and what is over is
         never changed again.
"""
