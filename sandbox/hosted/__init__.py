"""What a browser loads from the sandbox: Stripe.js, the Payment Element's frame and the 3-D Secure page."""

from sandbox.hosted.routes import bp

__all__ = ["bp"]
