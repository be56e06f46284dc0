"""The whole system on one machine, from bare Python, with one command.

    python3 manage.py up       -> up.main
    python3 manage.py test     -> testing.main

Owns     where PostgreSQL and Valkey programs come from, how they are started and
         stopped; the data folder; the processes of a local system and what is
         said about them on the terminal; the demonstration; servers for tests.
Imports  the standard library, psycopg and redis. Mobius itself is only spoken to
         through `manage.py` and HTTP, as anybody else would.
Promises nothing outside the data folder is changed; whatever it starts, it stops,
         even when it is killed; data is never removed unless `--fresh` says so.

Read in this order: up, system, supervisor, children; folders, postgres, valkey.
"""
