"""Who is calling, in which project, allowed what.

Owns     organizations, projects with how long they keep what is over, principals,
         roles, role assignments, API keys, the permission catalogue, and the base of
         every project-scoped view.
Imports  realtime, api, kernel.
Promises a revoked or expired key answers 401 at once on every process, and rows of
         another project do not exist for a caller.
"""
