"""Behind seal ingest: read the sources, then adapt to each document."""
