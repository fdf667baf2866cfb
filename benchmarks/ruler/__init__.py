"""Does what seal measures by its own probes hold for what people ask? Begin in bench.py."""
