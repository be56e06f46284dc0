"""What happens when something is killed, wiped, frozen or restarted, or runs twice.

Owns     a load of runs with workers and readers that do not give up, a project with
         triggers and waits, a program that checks what they left behind, one file per
         kind of fault.
Imports  tests.support.
Promises every fault is real, on a whole system that is under load; afterwards no run
         is lost or stuck, no result counted twice, no line missing or repeated, and
         nobody had to help.
"""
