"""`python -m portal`: the same as the console script, whatever PATH says."""

from portal.cli import main

main()
