"""The configuration: one TOML file, checked against one schema, with flags on top."""

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
