"""The configuration: one TOML file, checked against one schema, with flags on top."""

from agent.config.sections import (
    AskConfig,
    Config,
    EndpointConfig,
    GateConfig,
    ImproveConfig,
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
from agent.config.settings import load_config
