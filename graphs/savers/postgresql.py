"""In PostgreSQL, whose saver knows by itself how to forget what is superseded."""

from __future__ import annotations

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import ChannelVersions, Checkpoint, CheckpointMetadata
from langgraph.checkpoint.postgres import PostgresSaver


class NewestInPostgresql(PostgresSaver):
    def put(
        self, config: RunnableConfig, checkpoint: Checkpoint, metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> RunnableConfig:  # fmt: skip
        written = super().put(config, checkpoint, metadata, new_versions)
        known = written["configurable"]
        if not known["checkpoint_ns"]:
            self.prune([known["thread_id"]])
        return written
