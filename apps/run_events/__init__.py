"""The timeline of a run and its live stream.

Owns     RunStream (the row that hands out numbers), RunEvent, frames, streams.
Imports  identity, realtime, api, kernel, and the engine's run statuses; the catalogue
         of source events for the page that lists both planes.
Promises numbers per run start at 1 and have no gap; what a reader missed live it
         finds in the table, whatever happened to Redis.
"""
