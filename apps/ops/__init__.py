"""For the people on call: health, readiness, retention, doctor.

Owns     no product rows; reads everybody's.
Imports  everything below.
Promises a health answer says which dependency says what, within a second.
"""
