"""What the agent knows and can do. Imports no torch and no LangGraph."""
