"""What starts runs by itself: time, requests, events, a press of a button.

Owns     Trigger, TriggerFire, schedules, the public address of HTTP triggers.
Imports  runs and everything below.
Promises one occasion (a slot, a delivery, an event) is one fire, however often it is
         told; a fire and its runs commit together, or it says why there are none.
"""
