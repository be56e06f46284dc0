"""Who is calling, in which project, allowed what.

Owns     organizations, projects with their archive and how long they keep what is
         over, principals, roles, role assignments, API keys, the permission catalogue,
         and the base of every project-scoped view.
Imports  realtime, api, kernel.
Promises a revoked or expired key answers 401 at once on every process, rows of
         another project do not exist for a caller, nobody passes on what they do not
         hold, and somebody who manages access is left.
"""
