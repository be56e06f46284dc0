"""Outgoing webhooks: public facts of a project, told to addresses outside.

Owns     Webhook, its signing keys (kept by secrets), pings, the end of dead ones.
Imports  source_events, deliveries, secrets, identity, api, kernel.
Promises each public event that a webhook hears is one signed message in the outbox,
         committed together with its dispatch: sent at least once under one id, or
         failed with the reason. In which order they arrive is not promised.
"""
