"""What the agent knows and can do. Imports no torch and no LangGraph."""

from agent.telemetry import switch_off

switch_off()
