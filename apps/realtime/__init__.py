"""The machinery between processes and between requests.

Owns     Redis connections and their circuit breaker, messages sent after commit,
         the one subscription of a web process, the threads that run synchronous
         Django under ASGI, the small HTTP layer of the held routes, open streams, the
         two directions of a WebSocket, signs of life and counted totals in Redis.
Imports  api, kernel. Knows no domain.
Promises Redis may vanish at any moment: nothing here raises because of it, and
         nothing here is the only copy of a fact.
"""
