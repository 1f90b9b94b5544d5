"""Evaluate a cut: engines that compute feasibility from a design and its context, and nothing else.

    registry = Registry.load()                        # rmos.engines.registry
    engine = registry.get(None)                       # the store's own: baseline_v2, or baseline_v1
    result = evaluate(engine, design=design, context=context, request_id=request_id, timeout_ms=2000)
    result.record()                                   # the run's `feasibility`
    decide(result)                                    # the run's `decision`

`base` says what an engine is, `contract` what its result must be, `runner` calls it and never raises, `decision` turns
a result into a decision, `suggest` goes the other way: which setting makes a cut GREEN. An engine is a pure function of
its arguments: no store, no clock in the record, no network.

A plug-in runs in processes of its own: `plugin` asks it, `process` is one of them as the service holds it, `child` the
program that runs there, `wire` what the two say to each other.
"""
