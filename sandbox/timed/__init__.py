"""What happens by itself, one module per type; :mod:`sandbox.cycle` lists them."""
