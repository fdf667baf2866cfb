"""In SQLite."""

from __future__ import annotations

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import ChannelVersions, Checkpoint, CheckpointMetadata
from langgraph.checkpoint.sqlite import SqliteSaver

OTHERS = "thread_id = ? AND (checkpoint_ns != '' OR checkpoint_id != ?)"


class NewestInSqlite(SqliteSaver):
    """Its file stays as large as one document's steps: SQLite uses again what was freed."""

    def put(
        self, config: RunnableConfig, checkpoint: Checkpoint, metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> RunnableConfig:  # fmt: skip
        written = super().put(config, checkpoint, metadata, new_versions)
        known = written["configurable"]
        if not known["checkpoint_ns"]:
            with self.cursor() as cursor:
                for table in ("checkpoints", "writes"):
                    cursor.execute(f"DELETE FROM {table} WHERE {OTHERS}", (known["thread_id"], known["checkpoint_id"]))
        return written
