"""The configuration: one TOML file, checked against one schema, with flags on top."""

from agent.config.sections import Config, EndpointConfig, TrainConfig
from agent.config.settings import load_config
