"""The interactive reference: one OpenAPI document of the whole API, and its page.

Owns     the document (``openapi.yaml``, the contract), its addresses, its page. No
         tables.
Imports  the ``reference`` modules of every app, the URL patterns, the held routes.
Promises every route is in the document with its permission, and nothing else is; what
         is committed is what the code says; the page loads nothing from elsewhere.
"""
