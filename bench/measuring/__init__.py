"""What the measurements share: rounds, tables, models, and the tools byhand is measured beside."""
