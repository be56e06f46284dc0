"""The nouns that every app needs: ids, clock, errors, fields, admin.

Owns     typed ids, the clock, the tree of errors a caller can act on, traces, model
         fields and the base of the admin pages.
Imports  Django, OpenTelemetry, nothing of ours.
Promises no domain knowledge: a word of the product found here is misplaced.
"""
