"""Settings for the whole suite."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

# On a busy machine a slow example says nothing about the code, so time decides nothing. The profile
# that hypothesis picked by itself (another one in CI) stays in force otherwise.
settings.register_profile("seal", settings.default, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("seal")
