"""The command ``mobius``: workflows, runs, people, events, workers and webhooks.

    python3 manage.py mobius runs start my-workflow --input doc=a.pdf --watch

Owns: where a command finds its server (``connection``: options, variables, profile,
the system that ``manage.py up`` runs), what it prints (``output``: tables on a
terminal, JSON elsewhere) and its exit codes (``failures``). Every call of the API is
made by ``mobius.sdk``, the only part of the project that is imported here.

Promises: results on standard output, everything else on standard error; JSON is one
document, or one line per item of a stream; a secret is printed only when it is made.
"""
