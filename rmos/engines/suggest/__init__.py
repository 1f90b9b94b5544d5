"""The inverse of an evaluation: which feed, speed and passes make a cut GREEN, how far each may move, and a map of it.

    suggestion = suggest(BaselineV2(shop.materials), design, context)        # rmos.engines.suggest.best
    suggestion.settings, suggestion.passes, suggestion.windows
    draw_map(suggestion.feed_map)                                             # rmos.engines.suggest.drawing

What the design states is fixed, what it leaves out is free. `best` finds the setting, `windows` how far each of it may
move and which check ends that, `feed_map` grades feed against speed, `drawing` makes an SVG of it. All of it asks the
checks of `baseline_v2` and nothing else: what is suggested is what the engine says.
"""
