"""One module per format that documents come in."""
