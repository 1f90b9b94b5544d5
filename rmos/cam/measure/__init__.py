"""Measure what a program does: where it goes, how long it runs, what it removes and how it cuts.

measured = measure_program(program, ProgramSetup(tools={1: ToolShape(diameter_mm=3.175)}, stock=Stock(thickness_mm=3)))
measured.estimate_s.feed_only, measured.tools[0].max_axial_mm      # "124.568", "0.75"
"""

from rmos.cam.measure.measuring import measure_program

__all__ = ["measure_program"]
