"""The built-in engine `baseline_v1`: published chipload windows and speed limits, read with RMOS's own policy.

`engine` puts a judgement together, `inputs` reads what was sent (`fields` lists what may be), `cut` is what the checks
look at, `operations` says which of them an operation needs, `assumed` what was taken for granted, `scoring` makes
colours and scores, `verdict` assessments. The checks, each with its rule: `chipload`, `sawing`, `heat`, `bending`,
`speed`, `holding`, `passes`, `machine`, `geometry`, `invalid`; what they reckon with: `chip`, `load`, `chart`.
"""
