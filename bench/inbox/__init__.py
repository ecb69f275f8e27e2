"""Parts of `bench.webhooks`."""
