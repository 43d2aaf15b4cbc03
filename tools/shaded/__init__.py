"""Generated generic sheets: a code shaded in many ways, then scanned. What is tuned with is `tuning`; what proves is `proof`."""
