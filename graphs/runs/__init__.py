"""The life of a run: begun or taken up, carried to its end, written down."""
