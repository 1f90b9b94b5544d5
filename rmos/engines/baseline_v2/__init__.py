"""The built-in engine `baseline_v2`: what makers print and machining practice reports, and where physics ends it.

GREEN is within what makers recommend or practice reports, on a machine that can; YELLOW is outside that, with the risk
named; RED breaks, burns, lets go, or cannot be. `engine` puts an evaluation together; `fields`, `slips` and `cut` read
what was sent; `shape` says how wide a tool is at a depth; `charts` are the makers' windows, `chip` and `load` what is
reckoned from them; `verdict` makes colour and score at once; `ways` finds what to change. The checks, each with its
rule: `chipload`, `heat`, `bending`, `speed`, `passes`, `machine`, `geometry`, `sawing`, `holding`. Reading and wording
are those of `baseline`, the engine before it, whose results stay as they are.
"""
