"""Agents and the conversations held with them.

Owns     Agent (with a principal of its own), Session, SessionMessage, who may write in
         whose name, the live streams of sessions.
Imports  source_events, identity, realtime, api, kernel.
Promises messages of a session are numbered from 1 without a gap, in the order of their
         commits, and never change; each is a public fact, committed with it. What a
         reader missed live it finds in the table, whatever happened to Redis. The
         server runs no model: an agent is any process that reads a session and writes
         to it with the key of the agent's principal.
"""
