"""In PostgreSQL, whose saver knows by itself how to forget what is superseded."""

from __future__ import annotations

from langgraph.checkpoint.postgres import PostgresSaver

from graphs.savers.newest import Newest


class NewestInPostgresql(Newest, PostgresSaver):
    def forget_others(self, thread: str, checkpoint: str) -> None:
        self.prune([thread])
