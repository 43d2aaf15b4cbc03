"""`python -m scanpipe`."""

from scanpipe.cli import main

main()
