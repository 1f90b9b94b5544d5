"""Rosettes: from a sentence to a drawing that can be made. Pure: no clock, no disk, no network, no chance.

    understood = interpret("rope pattern, ebony and padauk, 6 mm band")
    spec = vary(understood.spec, seed=7)
    svg = render(spec)                       # the same bytes on every machine
    operations, warnings = manufacture(spec)
    bill_of_materials(spec)
    apply_change(spec, "the same but wider").changed

The steps are pure functions of values; who records a rosette, and asks the engine about its cuts, stands above.
"""
