"""What both savers do: forget what is superseded when the outer graph writes a checkpoint."""

from __future__ import annotations

from abc import abstractmethod

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import BaseCheckpointSaver, ChannelVersions, Checkpoint, CheckpointMetadata


class Newest(BaseCheckpointSaver[str]):
    """Stands before a saver of LangGraph's among the bases."""

    def put(
        self, config: RunnableConfig, checkpoint: Checkpoint, metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> RunnableConfig:  # fmt: skip
        written = super().put(config, checkpoint, metadata, new_versions)
        known = written["configurable"]
        if not known["checkpoint_ns"]:
            self.forget_others(known["thread_id"], known["checkpoint_id"])
        return written

    @abstractmethod
    def forget_others(self, thread: str, checkpoint: str) -> None:
        """Delete what this checkpoint of the outer graph supersedes in its thread."""
