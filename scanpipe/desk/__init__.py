"""The use cases, one module each, with plain arguments: what the command line, the pages and the API all call."""
