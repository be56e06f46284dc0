"""For the people on call: health, the doctor, figures for Prometheus, retention.

Owns     no product rows; reads everybody's, and deletes what is past its time.
Imports  everything below.
Promises a health answer says which dependency says what, within a second; what lives,
         or is still needed, is never deleted, and nothing by half.
"""
