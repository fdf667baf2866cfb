"""The configuration: one TOML file, checked against one schema, with flags on top."""

from __future__ import annotations

from agent.config.improve import ImproveConfig
from agent.config.sections import (
    AskConfig,
    EndpointConfig,
    GateConfig,
    JudgeConfig,
    LedgerConfig,
    MemoryConfig,
    ModelConfig,
    PlanConfig,
    ProbeConfig,
    RewardConfig,
    SourceConfig,
    TrainConfig,
    WriteConfig,
)
from agent.config.settings import Config, load_config

__all__ = [
    "AskConfig",
    "Config",
    "EndpointConfig",
    "GateConfig",
    "ImproveConfig",
    "JudgeConfig",
    "LedgerConfig",
    "MemoryConfig",
    "ModelConfig",
    "PlanConfig",
    "ProbeConfig",
    "RewardConfig",
    "SourceConfig",
    "TrainConfig",
    "WriteConfig",
    "load_config",
]
