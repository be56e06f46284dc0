"""What a client's attributes offer: one module per kind of thing.

Each verb is written once, as an exchange: it yields calls and is sent their answers.
The class of a ``Client`` runs it at once, that of an ``AsyncClient`` is awaited.
"""
