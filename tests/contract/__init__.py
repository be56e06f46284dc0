"""What the published documents and clients promise, on real servers over real sockets.

Owns     one file per guide, one for the published client, one for the checklist, and
         the table of who may call what.
Imports  tests.support.
Promises every request goes through the web process of a whole system; the guides'
         commands are run as printed, by bash and curl.
"""
