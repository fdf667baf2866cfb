"""Who plans how a document is learned: what the configuration says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from agent.errors import ConfigError
from agent.planning.chat import ChatPlanner
from agent.planning.policy import PolicyPlanner
from agent.planning.thompson import ThompsonPlanner
from agent.ports import Planner, Strategy
from agent.records import Document, Plan, PlannerPolicy, Recalled
from graphs.context import Context
from graphs.methods.method import promoted
from graphs.methods.writer import attribute


def configured_planner(context: Context, strategies: Mapping[str, Strategy]) -> Planner:
    """The configured planner over those strategies that suit a document."""
    config = context.config
    if config.plan.planner == "chat":
        chat = context.chat(config.plan.endpoint)
        if chat is None:
            raise ConfigError('planner "chat" needs an endpoint', "name one", "plan.endpoint")
        return ChatPlanner(chat, strategies, config.train)
    acting = promoted(context, PlannerPolicy) if config.plan.planner == "policy" else None
    if acting:
        return PolicyPlanner(acting, strategies, config.train)
    return ThompsonPlanner(strategies, config.train, lambda: context.ledger.strategy_rewards(config.model.name))


def plan_as_configured(
    context: Context, run: str, document: Document, strategies: Mapping[str, Strategy], recalled: Sequence[Recalled]
) -> list[Plan]:
    plans = configured_planner(context, strategies).plan(run, document, recalled, context.config.plan.candidates)
    return [attribute(context, plan) for plan in plans]
