"""Why a run does not move, and how a project is doing, for those who have to ask.

Owns     no table; the reasons with their codes, the section on the page of a run, the
         figures of a project.
Imports  definitions, triggers, runs, interactions, jobs, source_events and below.
Promises every live run gets a reason, in words and as a code, by a few indexed
         queries; nothing is changed by asking.
"""
