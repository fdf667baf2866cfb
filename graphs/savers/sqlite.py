"""In SQLite."""

from __future__ import annotations

from langgraph.checkpoint.sqlite import SqliteSaver

from graphs.savers.newest import Newest

OTHERS = "thread_id = ? AND (checkpoint_ns != '' OR checkpoint_id != ?)"


class NewestInSqlite(Newest, SqliteSaver):
    """Its file stays as large as one document's steps: SQLite uses again what was freed."""

    def forget_others(self, thread: str, checkpoint: str) -> None:
        with self.cursor() as cursor:
            for table in ("checkpoints", "writes"):
                cursor.execute(f"DELETE FROM {table} WHERE {OTHERS}", (thread, checkpoint))
