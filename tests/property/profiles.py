"""How many lives are tried: few and always the same ones by default, many and new ones with `--hypothesis-profile=nightly`.

A failure prints a line `@reproduce_failure(…)`, which put above the class `Life` plays that one again. The seed of a night
is given back with `--hypothesis-seed`.
"""

from hypothesis import HealthCheck, Phase, settings

LIVES_BY_DEFAULT, LIVES_BY_NIGHT = 12, 400
DEEDS_BY_DEFAULT, DEEDS_BY_NIGHT = 20, 30

common = {"deadline": None, "print_blob": True, "suppress_health_check": list(HealthCheck)}
settings.register_profile(
    "default",
    max_examples=LIVES_BY_DEFAULT,
    stateful_step_count=DEEDS_BY_DEFAULT,
    derandomize=True,
    phases=[Phase.generate],
    **common,
)
settings.register_profile("nightly", max_examples=LIVES_BY_NIGHT, stateful_step_count=DEEDS_BY_NIGHT, **common)
settings.load_profile("default")
