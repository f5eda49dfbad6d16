"""Rows of other systems in CSV or Parquet files: ``reading`` → ``mapping`` → ``load``, all by configuration."""
