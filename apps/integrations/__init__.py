"""What happens at providers becomes source events of the project.

Owns     Integration, the public address of each, the signature schemes of GitHub,
         Linear, Slack, Jira and Gmail, the catalogue as a project sees it.
Imports  source_events, deliveries (its client), secrets, identity, api, kernel.
Promises an event is appended only for a delivery that its provider signed, once for
         each delivery id, and not for what is too old. A secret is never shown again.
"""
