"""A stateful Stripe on your machine: API 2026-10-28.endive over HTTP, with a clock to turn.

Run it with ``python -m sandbox --port 12111``. It stands alone: it imports nothing of the portal, and the portal reaches
it only over HTTP. Each module says at its top which of Stripe's behaviours it simplifies or assumes.
"""
