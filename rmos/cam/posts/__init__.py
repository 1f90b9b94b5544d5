"""Write toolpaths as the text that a controller reads: one writer of RS-274, and the table of dialects beside it."""
