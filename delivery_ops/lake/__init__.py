"""The lake: Parquet files that the warehouse reads. ``datasets`` says what, ``lake`` how, ``export`` what is copied."""
