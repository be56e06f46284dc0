"""Workers: what they have in common, and their two ways to the server.

``jobs`` is what a function sees of its job, ``actions`` calls functions, ``loop``
claims, beats and reports on whatever ``transport`` it is given: ``http`` or ``socket``.
"""
