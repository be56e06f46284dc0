"""How fast, how quick, how big: what `manage.py bench` prints.

Owns     the load (clients and workers as processes of their own), the machine's own
         limits, the reading of processes and of PostgreSQL's counters, the table.
Imports  the standard library, psycopg, uvloop and httptools; of the project only the
         launcher's search for programs, the history checker, the services that make
         members and their questions, and those that append and dispatch events.
Promises every figure stands beside what the machine can do, was taken against a
         durable PostgreSQL, and the rows that the load left behind were checked.
"""
