"""Local tumour progression from signed margins: hazard, observation, virtual series, fit. NumPy and SciPy only."""
