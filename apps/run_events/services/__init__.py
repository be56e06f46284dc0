"""Writing the timeline.

Owns     the two statements that create a stream and append to it.
Imports  run_events.wire, realtime, api.
Promises numbers are handed out under the stream's row lock, so they become visible
         in their order and without a gap.
"""
