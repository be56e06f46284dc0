"""The run aggregate: one execution of a spec, from start to end.

Owns     Run, RunSpec, RunSignal, Wait; the only code that moves a run.
Imports  workflows, interactions, jobs and everything below, and the engine.
Promises every move of a run is one transaction under its row lock: rows, timeline
         and new source events together, or nothing.
"""
