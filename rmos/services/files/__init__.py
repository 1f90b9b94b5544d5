"""Files of runs: attach, name, preview, link, hand out."""
