"""How a rosette is glued up by hand: stacks of veneer, logs of tiles, blocks of slanted strips, the cutting list."""
